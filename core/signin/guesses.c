#include "signin/guesses.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rate.h"

enum { GUESSES_WINDOW = 15 * 60 * 1000, GUESSES_KEYS = 5, GUESSES_KEY_SIZE = 64 + 1 + 256 };

/* What is counted: networks of an address, an e-mail address from one of them, and from everywhere. */
static const struct {
    int bits;      /* of an IPv6 address; 0: no address */
    bool email;    /* with the e-mail address */
    int from, per; /* the limit times from/per */
} guesses_rows[GUESSES_KEYS] = {
    {64, false, 1, 1}, {56, false, 2, 1}, {48, false, 4, 1}, {64, true, 1, 3}, {0, true, 10, 1},
};

struct guesses {
    struct rate *rates[GUESSES_KEYS];
};

struct guesses *guesses_create(int limit)
{
    struct guesses *guesses = calloc(1, sizeof(*guesses));
    for (size_t i = 0; guesses != NULL && i < GUESSES_KEYS; i++) {
        guesses->rates[i] = rate_create((limit * guesses_rows[i].from + guesses_rows[i].per - 1) / guesses_rows[i].per, GUESSES_WINDOW);
        if (guesses->rates[i] == NULL) {
            guesses_destroy(guesses);
            return NULL;
        }
    }
    return guesses;
}

void guesses_destroy(struct guesses *guesses)
{
    for (size_t i = 0; guesses != NULL && i < GUESSES_KEYS; i++)
        rate_destroy(guesses->rates[i]);
    free(guesses);
}

/* False: this row does not concern it. */
static bool guesses_key(size_t row, const char *address, const char *email, char ret_key[GUESSES_KEY_SIZE])
{
    char network[64] = "";
    if (guesses_rows[row].email && (email == NULL || email[0] == '\0'))
        return false;
    if (guesses_rows[row].bits != 0 && !rate_network_key(address, guesses_rows[row].bits, network))
        return false;
    snprintf(ret_key, GUESSES_KEY_SIZE, "%s %s", network, guesses_rows[row].email ? email : "");
    return true;
}

int64_t guesses_begin(struct guesses *guesses, const char *address, const char *email)
{
    char key[GUESSES_KEY_SIZE];
    for (size_t i = 0; i < GUESSES_KEYS; i++) {
        int64_t wait = guesses_key(i, address, email, key) ? rate_take(guesses->rates[i], key) : 0;
        if (wait == 0)
            continue;
        while (i-- > 0)
            if (guesses_key(i, address, email, key))
                rate_give_back(guesses->rates[i], key);
        return wait;
    }
    return 0;
}

void guesses_end(struct guesses *guesses, const char *address, const char *email, bool wrong)
{
    char key[GUESSES_KEY_SIZE];
    for (size_t i = 0; !wrong && i < GUESSES_KEYS; i++)
        if (guesses_key(i, address, email, key))
            rate_give_back(guesses->rates[i], key);
}
