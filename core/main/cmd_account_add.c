/* hearthd account add: the flow of a sign-in in a terminal. What is asked goes to standard
 * error, answers come from standard input, so that a script can give them, a line each;
 * passwords are not shown while they are typed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "auth/vault.h"
#include "base/email.h"
#include "base/str.h"
#include "main/cmd_account.h"

enum { LINE_MAX_SIZE = 64 * 1024, ANSWERS_MAX = 8 };

/* Set while a password is typed, so that a program that ends early leaves the terminal usable. */
static struct termios visible;
static bool hidden;

static void terminal_show_input(void)
{
    if (hidden)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &visible);
    hidden = false;
}

static void terminal_hide_input(void)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &visible) != 0)
        return;
    struct termios silent = visible;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    hidden = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    atexit(terminal_show_input);
}

/* Byte by byte: a buffer of stdio would keep a copy of what was typed. */
static int terminal_read_line(char *line, size_t size, struct err *err)
{
    size_t n = 0;
    for (char c; n + 1 < size;) {
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got <= 0 || c == '\n') {
            if (got <= 0 && n == 0)
                return err_set(err, HEARTH_ERR_CANCELLED,
                               "nothing more was typed; the sign-in was given up");
            break;
        }
        line[n++] = c;
    }
    while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == ' '))
        n--;
    line[n] = '\0';
    return str_is_utf8(line, n) ? 0
                                : err_set(err, HEARTH_ERR_INVALID, "what was typed is not UTF-8");
}

/* From other servers: nothing in it may steer the terminal. */
static void terminal_print_foreign(const char *text)
{
    char plain[8192];
    for (const char *p = text, *end; *p != '\0'; p = *end == '\0' ? end : end + 1) {
        char line[4096];
        end = strchrnul(p, '\n');
        snprintf(line, sizeof(line), "%.*s", (int)(end - p < 4095 ? end - p : 4095), p);
        str_printable(line, plain, sizeof(plain));
        main_cli_print(stderr, "%s\n", plain);
    }
}

/* What a provider says. */
static void say_message(const struct hearth_message *message)
{
    char text[HEARTH_MESSAGE_TEXT_MAX];
    hearth_message_render(message, text, sizeof(text));
    if (message != NULL)
        terminal_print_foreign(text);
}

struct dialog {
    struct signin_worker worker;
    size_t provider;
    char *line; /* LINE_MAX_SIZE for each answer */
    struct hearth_signin_answer answers[ANSWERS_MAX];
    size_t count;
};

/* "/resend" instead of an answer takes a choice. */
static bool is_choice(const struct hearth_signin_step *step, const char *line,
                      struct hearth_signin_answer *ret_answer)
{
    for (size_t i = 0; line[0] == '/' && i < step->choice_count; i++) {
        if (strcmp(line + 1, step->choices[i].name) == 0) {
            *ret_answer = (struct hearth_signin_answer){
                .struct_size = sizeof(*ret_answer), .name = step->choices[i].name, .value = "1"};
            return true;
        }
    }
    return false;
}

static int dialog_read_answers(struct dialog *dialog, const struct hearth_signin_step *step,
                               struct err *err)
{
    char label[HEARTH_MESSAGE_TEXT_MAX], plain[4 * HEARTH_MESSAGE_TEXT_MAX];
    for (size_t i = 0; i < step->choice_count; i++) {
        hearth_message_render(step->choices[i].label, label, sizeof(label));
        str_printable(label, plain, sizeof(plain));
        main_cli_print(stderr, "  (/%s: %s)\n", step->choices[i].name, plain);
    }
    dialog->count = 0;
    for (size_t i = 0; i < step->field_count && i < ANSWERS_MAX; i++) {
        const struct hearth_signin_field *field = &step->fields[i];
        char *line = dialog->line + i * LINE_MAX_SIZE;
        hearth_message_render(field->label, label, sizeof(label));
        str_printable(label, plain, sizeof(plain));
        main_cli_print(stderr, "%s: ", plain);
        if (field->input == HEARTH_SIGNIN_SECRET)
            terminal_hide_input();
        int r = terminal_read_line(line, LINE_MAX_SIZE, err);
        if (hidden)
            main_cli_print(stderr, "\n");
        terminal_show_input();
        if (r < 0)
            return r;
        if (is_choice(step, line, &dialog->answers[0])) {
            dialog->count = 1;
            return 0;
        }
        dialog->answers[dialog->count++] = (struct hearth_signin_answer){
            .struct_size = sizeof(dialog->answers[0]), .name = field->name, .value = line};
    }
    return 0;
}

static void dialog_show_step(const struct hearth_signin_step *step)
{
    say_message(step->problem);
    say_message(step->title);
    say_message(step->text);
    if (step->url != NULL)
        main_cli_print(stderr, "\n%s\n\n", step->url);
}

/* Until DONE. What the step says lies in the worker's memory until the next one. */
static int dialog_run_steps(const struct app *app, struct dialog *dialog,
                            struct hearth_signin_step *step, struct err *err)
{
    while (step->kind != HEARTH_SIGNIN_DONE) {
        dialog_show_step(step);
        if (step->kind == HEARTH_SIGNIN_FAILED) {
            bool browser = (step->try_methods & HEARTH_SIGNIN_BROWSER) != 0;
            return err_set(err, HEARTH_ERR_DENIED, "the sign-in failed (%s)%s",
                           step->reason == NULL ? "refused" : step->reason,
                           browser ? "; try account add --browser" : "");
        }
        int r = 0;
        dialog->count = 0;
        if (step->kind == HEARTH_SIGNIN_WAIT) {
            struct timespec pause = {step->wait / 1000, step->wait % 1000 * 1000000};
            nanosleep(&pause, NULL);
        } else {
            r = dialog_read_answers(dialog, step, err);
        }
        void *state = r == 0 ? malloc(step->state_size + 1) : NULL;
        size_t size = step->state_size;
        if (state != NULL) {
            memcpy(state, step->state, size);
            r = signin_next(&dialog->worker, dialog->provider, state, size, dialog->answers,
                            dialog->count, step, err);
            if (r < 0)
                main_account_blame(app, dialog->provider, err);
            explicit_bzero(state, size);
            free(state);
        } else if (r == 0) {
            r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        }
        for (size_t i = 0; i < dialog->count; i++)
            explicit_bzero(dialog->line + i * LINE_MAX_SIZE, LINE_MAX_SIZE);
        if (r < 0)
            return r;
    }
    return 0;
}

static int dialog_ask_keep(bool joins, enum signin_keep *ret_keep, struct err *err)
{
    char line[64];
    main_cli_print(stderr, "%s Keep what is here, or delete it and begin anew? [keep/delete] ",
                   joins ? "This sign-in joins the account, as you said with account adopt."
                         : "The account has a new key (its password was reset).");
    int r = terminal_read_line(line, sizeof(line), err);
    *ret_keep = strcmp(line, "delete") == 0 ? SIGNIN_KEEP_NOTHING : SIGNIN_KEEP_DATA;
    return r;
}

static int dialog_finish(struct app *app, struct dialog *dialog,
                         const struct hearth_identity *identity, struct err *err)
{
    struct signin_result result;
    struct signin_end end = {.provider = dialog->provider, .identity = identity, .trusted = true};
    int r = main_account_finish(app, &dialog->worker, &end, &result, err);
    if (r == 0 && result.outcome == SIGNIN_KEY_CHANGED) {
        r = dialog_ask_keep(result.joins, &end.keep, err);
        if (r == 0)
            r = main_account_finish(app, &dialog->worker, &end, &result, err);
    }
    if (r == 0)
        main_cli_print(stdout, "%s is signed in%s.\n", identity->email,
                       main_app_daemon_runs(app) ? "; the daemon syncs it now" : "");
    return r;
}

static int dialog_run(struct app *app, const struct cli *cli, struct dialog *dialog,
                      struct err *err)
{
    const char *email = cli->argc > 1 ? cli->argv[1] : NULL,
               *fault = email == NULL ? NULL : email_fault(email);
    if (fault != NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s is no e-mail address: it %s", email, fault);
    struct hearth_signin what = {.struct_size = sizeof(what),
                                 .method =
                                     cli->browser ? HEARTH_SIGNIN_BROWSER : HEARTH_SIGNIN_PASSWORD,
                                 .email = email,
                                 .device_name = cli->name};
    struct hearth_signin_step step;
    int r = signin_start(&dialog->worker, dialog->provider, &what, &step, err);
    if (r < 0)
        return main_account_blame(app, dialog->provider, err);
    r = dialog_run_steps(app, dialog, &step, err);
    if (r == 0 && email != NULL && strcasecmp(email, step.identity->email) != 0)
        r = err_set(err, HEARTH_ERR_CONFLICT, "you signed in as %s, not as %s; nothing was stored",
                    step.identity->email, email);
    return r == 0 ? dialog_finish(app, dialog, step.identity, err) : r;
}

static bool looks_like_address(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strlen(text) <= 255 && strpbrk(text, " \t\r\n\"\\<>,;") == NULL &&
           str_is_utf8(text, strlen(text));
}

int main_account_add(struct app *app, struct cli *cli, struct err *err)
{
    struct signin *signin;
    const char *email = cli->argv[1];
    if (!looks_like_address(email)) { /* before anybody types a password for it */
        char shown[200];
        str_printable(email, shown, sizeof(shown));
        return err_set(
            err, HEARTH_ERR_INVALID,
            "%s is no e-mail address: give the one of the account, such as ada@example.org", shown);
    }
    int r = main_account_signin(app, cli, &signin, err);
    if (r < 0)
        return r;
    struct dialog dialog = {.provider = (size_t)r, .line = calloc(ANSWERS_MAX, LINE_MAX_SIZE)};
    if (dialog.line == NULL) {
        signin_destroy(signin);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    signin_worker_init(&dialog.worker, signin);
    r = dialog_run(app, cli, &dialog, err);
    signin_worker_close(&dialog.worker);
    signin_destroy(signin);
    free(dialog.line);
    return r;
}
