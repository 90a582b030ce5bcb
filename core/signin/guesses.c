#include "signin/guesses.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rate.h"

enum { GUESSES_WINDOW = 15 * 60 * 1000, GUESSES_KEY_SIZE = 64 + 1 + 256 };

struct guesses {
    struct rate *addresses;  /* by where they come from */
    struct rate *people;     /* by e-mail address, from one of the narrowest networks */
    struct rate *everywhere; /* by e-mail address */
};

struct guesses *signin_guesses_create(int limit)
{
    struct guesses *guesses = calloc(1, sizeof(*guesses));
    if (guesses == NULL)
        return NULL;
    guesses->addresses = rate_create(limit, GUESSES_WINDOW);
    guesses->people = rate_create((limit + 2) / 3, GUESSES_WINDOW);
    guesses->everywhere = rate_create(limit * 10, GUESSES_WINDOW);
    if (guesses->addresses != NULL && guesses->people != NULL && guesses->everywhere != NULL)
        return guesses;
    signin_guesses_destroy(guesses);
    return NULL;
}

void signin_guesses_destroy(struct guesses *guesses)
{
    if (guesses == NULL)
        return;
    rate_destroy(guesses->addresses);
    rate_destroy(guesses->people);
    rate_destroy(guesses->everywhere);
    free(guesses);
}

static bool is_somebody(const char *email)
{
    return email != NULL && email[0] != '\0';
}

static void person_key(const char *address, const char *email, char ret_key[GUESSES_KEY_SIZE])
{
    char network[64];
    rate_address_key(address, network);
    snprintf(ret_key, GUESSES_KEY_SIZE, "%s %s", network, email);
}

int64_t signin_guesses_begin(struct guesses *guesses, const char *address, const char *email)
{
    char key[GUESSES_KEY_SIZE];
    int64_t wait = rate_take_address(guesses->addresses, address);
    if (wait > 0 || !is_somebody(email))
        return wait;
    person_key(address, email, key);
    wait = rate_take(guesses->people, key);
    if (wait == 0) {
        wait = rate_take(guesses->everywhere, email);
        if (wait > 0)
            rate_give_back(guesses->people, key);
    }
    if (wait > 0)
        rate_give_back_address(guesses->addresses, address);
    return wait;
}

void signin_guesses_end(struct guesses *guesses, const char *address, const char *email, bool wrong)
{
    char key[GUESSES_KEY_SIZE];
    if (wrong)
        return;
    rate_give_back_address(guesses->addresses, address);
    if (!is_somebody(email))
        return;
    person_key(address, email, key);
    rate_give_back(guesses->people, key);
    rate_give_back(guesses->everywhere, email);
}
