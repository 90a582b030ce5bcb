/* Bounds how many wait for one server elsewhere, so that a slow one does not take the threads of
 * those who sign in by others. Any thread. */
#ifndef HEARTH_CORE_SIGNIN_GATE_H
#define HEARTH_CORE_SIGNIN_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    GATE_ROOM = 4,    /* who may be inside at a time */
    GATE_SLOW = 1000, /* ms; whoever is inside for longer waits for a server that is slow */
};

struct gate {
    pthread_mutex_t lock; /* a leaf */
    pthread_cond_t left;
    int64_t since[GATE_ROOM]; /* monotonic ms; 0: nobody */
};

void gate_init(struct gate *gate);
void gate_fini(struct gate *gate);
/* A place, to be given back; or -1: it is full of people for whom the server is slow. Waits while it
 * is full of others, no longer than GATE_SLOW. */
int gate_enter(struct gate *gate);
void gate_leave(struct gate *gate, int place);

#endif
