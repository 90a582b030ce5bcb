#include "main/reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"

enum { PATIENCE = 6000 /* ms; less than a stop waits for requests */ };

static pthread_mutex_t reload_lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf; guards what follows */
static pthread_cond_t reload_done;
static pthread_once_t reload_once = PTHREAD_ONCE_INIT;
static unsigned asked_so_far, done_so_far;
static int last_code;
static char *last_text; /* of the last reload; NULL: nothing was said */

static int code_now; /* of the reload that runs; main thread */
static struct buf text_now;

static void init_condition(void)
{
    lock_init_condition(&reload_done);
}

bool main_reload_ask(struct buf *ret_text, int *ret_code)
{
    pthread_once(&reload_once, init_condition);
    int64_t until = clock_monotonic() + PATIENCE;
    int r = 0;
    lock_take(&reload_lock);
    unsigned mine = ++asked_so_far;
    kill(getpid(), SIGHUP); /* for the main thread alone: the others have it blocked */
    while (r == 0 && (int)(done_so_far - mine) < 0)
        r = lock_wait_until(&reload_done, &reload_lock, until);
    bool done = (int)(done_so_far - mine) >= 0;
    if (done && last_text != NULL)
        buf_add_text(ret_text, last_text);
    if (done)
        *ret_code = last_code;
    lock_release(&reload_lock);
    return done;
}

unsigned main_reload_begin(void)
{
    pthread_once(&reload_once, init_condition);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic() * 1000);
    code_now = 0;
    lock_take(&reload_lock);
    unsigned asked = asked_so_far;
    lock_release(&reload_lock);
    return asked;
}

void main_reload_say(int code, const char *format, ...)
{
    char *line = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&line, format, ap);
    va_end(ap);
    if (n >= 0)
        buf_printf(&text_now, "%s\n", line);
    free(n < 0 ? NULL : line);
    code_now = code_now == 0 ? code : code_now;
}

void main_reload_end(unsigned asked)
{
    char *text = text_now.size == 0 ? NULL : buf_take(&text_now, NULL);
    buf_fini(&text_now);
    lock_take(&reload_lock);
    free(last_text);
    last_text = text;
    last_code = code_now;
    done_so_far = asked;
    pthread_cond_broadcast(&reload_done);
    lock_release(&reload_lock);
    sd_notify(0, "READY=1");
}
