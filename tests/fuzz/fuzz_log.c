/* A line of the log, whatever the values hold: one line of valid UTF-8 that shows all of itself,
 * and in which the values are found again, as they were. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/magic.h"
#include "base/str.h"

enum {
    LINE_MAX_SIZE = 64 << 10,
    WHOLE = 300 /* bytes: short enough for not being cut, however it is escaped */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written meanwhile to descriptor 2. */
static int catch_begin(int *ret_real)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    *ret_real = dup(STDERR_FILENO);
    ASSERT(fd >= 0 && *ret_real >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    return fd;
}

static size_t catch_end(int fd, int real, char *ret_line)
{
    ASSERT(dup2(real, STDERR_FILENO) >= 0);
    close(real);
    ssize_t n = pread(fd, ret_line, LINE_MAX_SIZE - 1, 0);
    ASSERT(n > 0);
    close(fd);
    ret_line[n] = '\0';
    return (size_t)n;
}

static void check_shown(const char *line, size_t size)
{
    uint32_t c;
    ASSERT(line[size - 1] == '\n' && strlen(line) == size && size < 32 << 10);
    for (size_t at = 0; at < size - 1;)
        ASSERT(str_next_shown(line, size - 1, &at, &c));
}

static void check_value(const json_t *value, const char *text)
{
    size_t size = strlen(text);
    ASSERT(json_is_string(value));
    if (size <= WHOLE && str_is_utf8(text, size))
        ASSERT(strcmp(json_string_value(value), text) == 0);
}

static void check_json(const char *line, const char *first, const char *second)
{
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    ASSERT(json_object_size(object) == 5); /* time, level, event and the two */
    check_value(json_object_get(object, "address"), first);
    check_value(json_object_get(object, "reason"), second);
    json_decref(object);
}

/* As it stands behind "key=": quoted, or up to the next blank. Returns what follows. */
static const char *check_text(const char *at, const char *text)
{
    if (*at != '"') {
        size_t n = strcspn(at, " \n");
        ASSERT(n == strlen(text) && memcmp(at, text, n) == 0 && strpbrk(text, " \"=\\") == NULL);
        return at + n;
    }
    json_error_t error;
    json_t *value = json_loads(at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
    check_value(value, text);
    json_decref(value);
    return at + error.position;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char line[LINE_MAX_SIZE];
    if (size == 0 || size > 8000)
        return 0;
    char *first = malloc(size), *second;
    if (first == NULL)
        abort();
    memcpy(first, data + 1, size - 1);
    first[size - 1] = '\0';
    second = first + strlen(first);
    second += second < first + size - 1 ? 1 : 0;
    enum log_format format = (data[0] & 1) != 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
    log_init(format, HEARTH_LOG_INFO);
    int real, fd = catch_begin(&real);
    log_audit("tested", LOG_TEXT("address", first), LOG_TEXT("reason", second));
    size_t n = catch_end(fd, real, line);
    check_shown(line, n);
    if (format == LOG_FORMAT_JSON) {
        check_json(line, first, second);
    } else {
        static const char begin[] = " audit tested address=", between[] = " reason=";
        const char *at = strstr(line, begin);
        ASSERT(at != NULL);
        at = check_text(at + sizeof(begin) - 1, first);
        ASSERT(strncmp(at, between, sizeof(between) - 1) == 0);
        at = check_text(at + sizeof(between) - 1, second);
        ASSERT(strcmp(at, "\n") == 0);
    }
    free(first);
    return 0;
}
