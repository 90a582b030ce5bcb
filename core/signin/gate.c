#include "signin/gate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/rate.h"

enum { LOOK = 250 }; /* ms between looks at `stop` */

void signin_gate_init(struct gate *gate, int64_t patience)
{
    *gate = (struct gate){.patience = patience};
    pthread_mutex_init(&gate->lock, NULL);
    lock_init_condition(&gate->changed);
}

void signin_gate_fini(struct gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

static bool is_same_site(const struct gate_visit *a, const struct gate_visit *b)
{
    return strcmp(a->site, b->site) == 0;
}

static bool gate_is_same_person(const struct gate_visit *a, const struct gate_visit *b)
{
    return a->email[0] != '\0' && strcasecmp(a->email, b->email) == 0;
}

/* More than anybody has of one kind. */
enum { MANY = 64 };

/* With the lock. How many of the list are of its network, or of its e-mail address, the larger
 * of both; and, where that is the same, of its own address: neighbours in a network are not one
 * person. */
static int gate_count_companions(const struct gate_visit *list, const struct gate_visit *visit)
{
    int sites = 0, people = 0, addresses = 0;
    for (; list != NULL; list = list->next) {
        sites += list != visit && is_same_site(list, visit);
        people += list != visit && gate_is_same_person(list, visit);
        addresses += list != visit && strcmp(list->address, visit->address) == 0;
    }
    return (sites > people ? sites : people) * MANY + addresses;
}

static void list_remove(struct gate_visit **list, const struct gate_visit *visit)
{
    while (*list != visit)
        list = &(*list)->next;
    *list = visit->next;
}

static void line_leave(struct gate *gate, struct gate_visit *visit, enum gate_state state)
{
    list_remove(&gate->line, visit);
    gate->line_count--;
    visit->state = state;
    pthread_cond_broadcast(&gate->changed);
}

/* With the lock. NULL: nobody waits. */
static struct gate_visit *next_in_line(const struct gate *gate, int *ret_companions)
{
    struct gate_visit *best = NULL;
    int fewest = 0;
    for (struct gate_visit *visit = gate->line; visit != NULL; visit = visit->next) {
        int count = gate_count_companions(gate->inside, visit);
        if (best == NULL || count < fewest || (count == fewest && visit->turn < best->turn)) {
            best = visit;
            fewest = count;
        }
    }
    *ret_companions = fewest;
    return best;
}

static void gate_let_in(struct gate *gate, struct gate_visit *visit)
{
    line_leave(gate, visit, GATE_INSIDE);
    visit->turn = ++gate->turn;
    for (struct gate_visit *other = gate->line; other != NULL; other = other->next)
        if (is_same_site(other, visit) || gate_is_same_person(other, visit))
            other->turn = visit->turn;
    visit->next = gate->inside;
    gate->inside = visit;
    gate->inside_count++;
}

/* With the lock. */
static void let_in_who_may(struct gate *gate)
{
    struct gate_visit *visit;
    int count;
    while (gate->inside_count < GATE_ROOM && (visit = next_in_line(gate, &count)) != NULL) {
        if (count > 0 && gate->inside_count == GATE_ROOM - 1)
            return;
        gate_let_in(gate, visit);
    }
}

/* With the lock. Of those who would be more of the line than `visit`, if it joined, the last;
 * NULL: nobody. */
static struct gate_visit *crowd_of_line(const struct gate *gate, struct gate_visit *visit)
{
    struct gate_visit *last = NULL;
    visit->next = gate->line;
    int most = gate_count_companions(visit, visit) + 1;
    for (struct gate_visit *other = gate->line; other != NULL; other = other->next) {
        int count = gate_count_companions(visit, other);
        if (count >= most) {
            most = count;
            last = other;
        }
    }
    visit->next = NULL;
    return last;
}

/* With the lock: has it a place in line? */
static enum gate_state line_join(struct gate *gate, struct gate_visit *visit)
{
    struct gate_visit *const lists[] = {gate->inside, gate->line};
    for (size_t i = 0; i < 2; i++)
        for (const struct gate_visit *other = lists[i]; other != NULL; other = other->next) {
            if (is_same_site(other, visit) && gate_is_same_person(other, visit))
                return GATE_BUSY;
            if ((is_same_site(other, visit) || gate_is_same_person(other, visit)) &&
                other->turn > visit->turn)
                visit->turn = other->turn;
        }
    if (gate->line_count >= GATE_LINE) {
        struct gate_visit *last = crowd_of_line(gate, visit);
        if (last == NULL)
            return GATE_FULL;
        line_leave(gate, last, GATE_FULL);
    }
    struct gate_visit **end = &gate->line;
    while (*end != NULL)
        end = &(*end)->next;
    *end = visit;
    gate->line_count++;
    return GATE_WAITS;
}

enum gate_state signin_gate_enter(struct gate *gate, const char *address, const char *email,
                                  const atomic_bool *stop, struct gate_visit *visit)
{
    *visit = (struct gate_visit){0};
    rate_site_key(address == NULL ? "" : address, visit->site);
    rate_address_key(address == NULL ? "" : address, visit->address);
    snprintf(visit->email, sizeof(visit->email), "%s", email == NULL ? "" : email);
    int64_t now = clock_monotonic(), end = now + gate->patience;
    lock_take(&gate->lock);
    visit->state = line_join(gate, visit);
    if (visit->state == GATE_WAITS)
        let_in_who_may(gate);
    for (; visit->state == GATE_WAITS; now = clock_monotonic()) {
        if (now >= end || (stop != NULL && atomic_load(stop)))
            line_leave(gate, visit, now >= end ? GATE_FULL : GATE_STOPPED);
        else
            lock_wait_until(&gate->changed, &gate->lock, end - now < LOOK ? end : now + LOOK);
    }
    enum gate_state state = visit->state;
    lock_release(&gate->lock);
    return state;
}

void signin_gate_leave(struct gate *gate, struct gate_visit *visit)
{
    lock_take(&gate->lock);
    list_remove(&gate->inside, visit);
    gate->inside_count--;
    let_in_who_may(gate);
    lock_release(&gate->lock);
}
