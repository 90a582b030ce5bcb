/* The rules: read from their file, matched with calls. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fault.h"

enum { NAP = 5 };

/* --- reading --- */

static bool error_of(const char *name, int *ret)
{
    static const struct {
        const char *name;
        int code;
    } errors[] = {
#define X(error, number, text, retry) {#error, number},
        HEARTH_ERRORS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(errors[i].name, name) == 0) {
            *ret = errors[i].code;
            return true;
        }
    }
    return false;
}

static bool number_of(const char *text, int64_t *ret)
{
    char *end;
    *ret = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *ret >= 0;
}

/* One word of a rule; false: there is no such word. */
static bool read_word(struct fault_rule *rule, const char *word)
{
    struct fault_strike *strike = &rule->strike;
    const char *value = strchr(word, '=');
    size_t n = value == NULL ? strlen(word) : (size_t)(value++ - word);
    const struct {
        const char *name;
        int64_t *number;
    } numbers[] = {{"after", &rule->after},
                   {"times", &rule->times},
                   {"delay", &strike->delay},
                   {"deaf", &strike->deaf},
                   {"short", &strike->rows}};
    for (size_t i = 0; value != NULL && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strlen(numbers[i].name) == n && memcmp(numbers[i].name, word, n) == 0)
            return number_of(value, numbers[i].number);
    if (strcmp(word, "lost") == 0)
        return strike->lost = true;
    if (strcmp(word, "hold") == 0)
        return strike->hold = true;
    if (strcmp(word, "die") == 0)
        return strike->die = true;
    if (value != NULL && strncmp(word, "error=", 6) == 0)
        return error_of(value, &strike->error);
    if (value != NULL && strncmp(word, "thread=", 7) == 0)
        return snprintf(rule->thread, sizeof(rule->thread), "%s", value) <
               (int)sizeof(rule->thread);
    if (value == NULL || strncmp(word, "account=", 8) != 0)
        return false;
    snprintf(rule->account, sizeof(rule->account), "%s", value);
    return true;
}

/* Only what changes something may end uncertain, and only listings can be cut. */
static bool fits(const struct fault_rule *rule, unsigned traits)
{
    bool uncertain = rule->strike.lost || rule->strike.error == HEARTH_ERR_UNCERTAIN;
    return (!uncertain || (traits & FAULT_CHANGES) != 0) &&
           (rule->strike.rows < 0 || (traits & FAULT_LISTS) != 0);
}

static const struct fault_operation *operation_of(const char *name)
{
    for (size_t i = 0; i < fault_kind.count; i++)
        if (strcmp(fault_kind.operations[i].name, name) == 0)
            return &fault_kind.operations[i];
    return NULL;
}

/* NULL, or what is wrong with the line. Splits it. */
static const char *read_rule(struct fault_rule *rule, char *line)
{
    char *words = strstr(line, "words="), *rest = line;
    *rule = (struct fault_rule){.times = INT64_MAX, .strike = {.rows = -1}};
    if (words != NULL) {
        snprintf(rule->strike.words, sizeof(rule->strike.words), "%s", words + 6);
        *words = '\0';
    }
    const char *name = strtok_r(line, " ", &rest);
    const struct fault_operation *operation = operation_of(name);
    if (operation == NULL && strcmp(name, "*") != 0 && strcmp(name, "changes") != 0)
        return "there is no such operation";
    snprintf(rule->operation, sizeof(rule->operation), "%s", name);
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;)
        if (!read_word(rule, word))
            return "a word of the rule is wrong";
    const struct fault_strike *strike = &rule->strike;
    if (strike->error == 0 && strike->delay == 0 && strike->deaf == 0 && strike->rows < 0 &&
        !strike->lost && !strike->hold && !strike->die)
        return "the rule does nothing";
    if (operation != NULL && !fits(rule, operation->traits))
        return "this cannot happen to the operation";
    return NULL;
}

static void read_rules(struct fault_rules *rules, FILE *file)
{
    char line[512];
    for (int number = 1; rules->mistake[0] == '\0' && fgets(line, sizeof(line), file) != NULL;
         number++) {
        line[strcspn(line, "\n")] = '\0';
        if (line[strspn(line, " ")] == '\0' || line[0] == '#')
            continue;
        const char *why = rules->count == FAULT_RULES_MAX
                              ? "too many rules"
                              : read_rule(&rules->items[rules->count], line);
        if (why != NULL)
            snprintf(rules->mistake, sizeof(rules->mistake), "rules:%d: %s", number, why);
        rules->count++;
    }
}

/* Anew when the file is another than the one that was read. */
static void refresh(struct fault_rules *rules)
{
    struct stat now = {0};
    if (stat(rules->path, &now) != 0)
        memset(&now, 0, sizeof(now));
    if (rules->file.seconds == now.st_mtim.tv_sec &&
        rules->file.nanoseconds == now.st_mtim.tv_nsec && rules->file.size == now.st_size &&
        rules->file.inode == (int64_t)now.st_ino)
        return;
    rules->file.seconds = now.st_mtim.tv_sec;
    rules->file.nanoseconds = now.st_mtim.tv_nsec;
    rules->file.size = now.st_size;
    rules->file.inode = (int64_t)now.st_ino;
    rules->count = 0;
    rules->mistake[0] = '\0';
    FILE *file = now.st_ino == 0 ? NULL : fopen(rules->path, "re");
    if (file == NULL)
        return;
    read_rules(rules, file);
    fclose(file);
}

/* --- striking --- */

static bool names(const struct fault_rule *rule, const struct fault_operation *operation)
{
    bool any = strcmp(rule->operation, "*") == 0 || (strcmp(rule->operation, "changes") == 0 &&
                                                     (operation->traits & FAULT_CHANGES) != 0);
    return strcmp(rule->operation, operation->name) == 0 || (any && fits(rule, operation->traits));
}

/* The first rule that strikes wins. */
static void choose(struct fault_rules *rules, const char *name, const char *account,
                   struct fault_strike *ret_strike)
{
    const struct fault_operation *operation = operation_of(name);
    char thread[16] = "";
    pthread_getname_np(pthread_self(), thread, sizeof(thread));
    for (size_t i = 0; i < rules->count; i++) {
        struct fault_rule *rule = &rules->items[i];
        if (!names(rule, operation) ||
            (rule->thread[0] != '\0' && strcmp(rule->thread, thread) != 0))
            continue;
        if (rule->account[0] != '\0' && (account == NULL || strcmp(rule->account, account) != 0))
            continue;
        if (rule->seen++ < rule->after || rule->struck == rule->times)
            continue;
        rule->struck++;
        *ret_strike = rule->strike;
        if (ret_strike->words[0] == '\0')
            snprintf(ret_strike->words, sizeof(ret_strike->words), "fault in %s", name);
        return;
    }
}

static bool changed(const struct fault_rules *rules, const struct stat *then)
{
    struct stat now = {0};
    bool gone = stat(rules->path, &now) != 0;
    return gone || now.st_ino != then->st_ino || now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

/* A test sees that the call waits now: a file beside the rules, whose text is the call's
 * deadline. */
static void tell_held(const struct fault_rules *rules, const struct hearth_call *call)
{
    char path[4200], made[4200];
    snprintf(path, sizeof(path), "%s.held", rules->path);
    snprintf(made, sizeof(made), "%s.held.new", rules->path);
    FILE *file = fopen(made, "we");
    if (file == NULL)
        return;
    fprintf(file, "%lld", (long long)call->deadline);
    fclose(file);
    rename(made, path);
}

/* Short naps, because the call may have to end for reasons that only the host knows. ms -1:
 * until the rules change. */
static int delay(struct fault *fault, struct fault_handle *handle, struct hearth_call *call,
                 int64_t ms)
{
    struct stat then = {0};
    if (ms < 0) {
        stat(fault->rules.path, &then);
        tell_held(&fault->rules, call);
    }
    const struct hearth_host *host = fault->host;
    const struct timespec nap = {.tv_nsec = NAP * 1000000};
    int64_t until = ms < 0 ? INT64_MAX : host->monotonic_ms(host) + ms;
    int r = 0;
    if (handle != NULL) {
        atomic_store(&handle->interrupted, false);
        atomic_store(&handle->waiting, true);
    }
    while (r == 0 && host->monotonic_ms(host) < until &&
           (ms >= 0 || !changed(&fault->rules, &then))) {
        if (call->deadline != 0 && host->monotonic_ms(host) >= call->deadline)
            r = hearth_fail(call, HEARTH_ERR_TIMEOUT, "it took too long");
        else if (host->should_stop(call) || (handle != NULL && atomic_load(&handle->interrupted)))
            r = hearth_fail(call, HEARTH_ERR_CANCELLED, "cancelled");
        else
            nanosleep(&nap, NULL);
    }
    if (handle != NULL)
        atomic_store(&handle->waiting, false);
    return r;
}

int fault_before(struct fault *fault, struct fault_handle *handle, struct hearth_call *call,
                 const char *operation, const char *account, struct fault_strike *ret_strike)
{
    if (fault->counts != NULL)
        atomic_fetch_add(&fault->counts->calls, 1);
    struct fault_rules *rules = &fault->rules;
    int r = 0;
    *ret_strike = (struct fault_strike){.rows = -1};
    pthread_mutex_lock(&rules->lock);
    refresh(rules);
    if (rules->mistake[0] != '\0')
        r = hearth_fail(call, HEARTH_ERR_INVALID, "%s", rules->mistake);
    else if (rules->count > 0)
        choose(rules, operation, account, ret_strike);
    pthread_mutex_unlock(&rules->lock);
    if (r == 0 && ret_strike->die) {
        fprintf(stderr, "fault: %s was called by a thread that may not: %s\n", operation,
                ret_strike->words);
        abort();
    }
    const struct timespec deaf = {.tv_sec = ret_strike->deaf / 1000,
                                  .tv_nsec = ret_strike->deaf % 1000 * 1000000};
    if (r == 0 && ret_strike->deaf > 0)
        nanosleep(&deaf, NULL);
    if (r == 0 && (ret_strike->delay > 0 || ret_strike->hold))
        r = delay(fault, handle, call, ret_strike->hold ? -1 : ret_strike->delay);
    if (r == 0 && ret_strike->error != 0 && ret_strike->rows < 0)
        r = hearth_fail(call, ret_strike->error, "%s", ret_strike->words);
    return r;
}

int fault_after(struct hearth_call *call, int r, const struct fault_strike *strike)
{
    return r < 0 || !strike->lost ? r
                                  : hearth_fail(call, HEARTH_ERR_UNCERTAIN, "%s", strike->words);
}

/* A listing that the host ended before its cut is as good as a whole one. */
int fault_after_rows(struct hearth_call *call, int r, const struct fault_strike *strike,
                     const struct fault_rows *rows)
{
    if (r == 0 && rows->left == 0 && !rows->stopped)
        return hearth_fail(call, strike->error == 0 ? HEARTH_ERR_NOMEM : strike->error, "%s",
                           strike->words);
    return fault_after(call, r, strike);
}
