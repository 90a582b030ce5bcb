/* Bounds how many wait for one server elsewhere, so that a slow one does not take the threads of
 * those who sign in by others; and lets them in fairly, so that nobody's requests keep others
 * out. Any thread.
 *
 * A few are inside, a few more wait in line for some seconds. Who is next: whose network
 * (rate_site_key()) and e-mail address have fewest inside, then whose turn was longest ago, then
 * who came first. Whose network or address is inside already leaves the last place to others. Of
 * a full line one of those who are most of it makes room for who is fewer. */
#ifndef HEARTH_CORE_SIGNIN_GATE_H
#define HEARTH_CORE_SIGNIN_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    GATE_ROOM = 4,                        /* who may be inside at a time */
    GATE_LINE = 8,                        /* who may wait */
    GATE_THREADS = GATE_ROOM + GATE_LINE, /* that a gate can hold up */
    /* of the time that a step may take, this part is the longest that one waits in line */
    GATE_PART = 12,
};

enum gate_state { GATE_INSIDE, GATE_FULL, GATE_BUSY, GATE_WAITS, GATE_STOPPED };

/* Somebody at the gate, in the caller's memory from signin_gate_enter() to signin_gate_leave(). */
struct gate_visit {
    struct gate_visit *next;
    char site[64], address[64], email[256];
    uint64_t turn; /* when its network or address was let in last; 0: not since it is here */
    enum gate_state state;
};

struct gate {
    pthread_mutex_t lock; /* a leaf; guards what follows */
    pthread_cond_t changed;
    struct gate_visit *inside, *line; /* line: who came first is first */
    int inside_count, line_count;
    uint64_t turn;
    int64_t patience; /* ms */
};

void signin_gate_init(struct gate *gate, int64_t patience); /* ms */
void signin_gate_fini(struct gate *gate);
/* Waits for a place. address: of the client; email: NULL or "" when it is not known. INSIDE:
 * until signin_gate_leave(); FULL: no place came free in time, or others needed the one in line
 * more; BUSY: the same address of e-mail is at the gate from the same network already; STOPPED:
 * *stop (NULL: never) became true. */
enum gate_state signin_gate_enter(struct gate *gate, const char *address, const char *email,
                                  const atomic_bool *stop, struct gate_visit *visit);
void signin_gate_leave(struct gate *gate, struct gate_visit *visit);

#endif
