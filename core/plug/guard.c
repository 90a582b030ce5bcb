#include "plug/guard.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE = 60 /* s; it came back once before */, SIGNALS = 6 };

static const int guarded[SIGNALS] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM};
static struct sigaction before[SIGNALS];
static const char *volatile loading; /* NULL: nothing */
static volatile pid_t loader;

static void guard_write_text(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void say_what(const char *what)
{
    guard_write_text("hearthd: ");
    guard_write_text(loading);
    guard_write_text(what);
    loading = NULL;
}

/* The next of the same signal is for whoever was there before. */
static void guard_on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    bool here = loading != NULL && gettid() == loader;
    if (number == SIGALRM && loading != NULL) {
        say_what(" hangs while it is loaded\n");
        _exit(EXIT_FAILURE);
    }
    if (here)
        say_what(" crashes while it is loaded\n");
    for (int i = 0; i < SIGNALS; i++)
        if (guarded[i] == number)
            sigaction(number, &before[i], NULL);
    /* sent, and not by what is tried again when this returns */
    if (info->si_code <= 0 && number != SIGABRT)
        raise(number);
}

static void on_end(int status, void *unused)
{
    (void)unused;
    if (loading == NULL || gettid() != loader)
        return;
    say_what(" ends the process while it is loaded\n");
    _exit(status == 0 ? EXIT_FAILURE : status);
}

void plug_guard_begin(const char *shown)
{
    static bool once;
    struct sigaction action = {.sa_sigaction = guard_on_signal, .sa_flags = SA_SIGINFO};
    if (!once)
        on_exit(on_end, NULL);
    once = true;
    loader = gettid();
    loading = shown;
    for (int i = 0; i < SIGNALS; i++)
        sigaction(guarded[i], &action, &before[i]);
    alarm(PATIENCE);
}

void plug_guard_end(void)
{
    alarm(0);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(guarded[i], &before[i], NULL);
    loading = NULL;
}
