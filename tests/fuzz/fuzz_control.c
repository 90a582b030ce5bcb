/* What comes over the control socket: whatever a line of the audit trail is made of, it is one. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/magic.h"
#include "base/str.h"
#include "main/app.h"
#include "main/audit.h"
#include "main/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main_control_send(const char *state_dir, const char *path, const char *json, int *ret_status,
                      struct buf *ret_body, struct err *err)
{
    (void)state_dir, (void)path, (void)json, (void)ret_status, (void)ret_body;
    return err_set(err, HEARTH_ERR_UNAVAILABLE, "nobody is there");
}

/* Standard error is a file in memory while the line is written. */
static size_t taken_line(struct http_request *request, struct http_reply *reply, char *ret,
                         size_t size)
{
    static int memory = -1;
    int saved = dup(2);
    if (memory < 0)
        memory = memfd_create("line", MFD_CLOEXEC);
    ASSERT(saved >= 0 && memory >= 0 && ftruncate(memory, 0) == 0 &&
           lseek(memory, 0, SEEK_SET) == 0);
    ASSERT(dup2(memory, 2) == 2);
    main_audit_take(request, reply, NULL);
    ASSERT(dup2(saved, 2) == 2);
    close(saved);
    ssize_t n = pread(memory, ret, size, 0);
    ASSERT(n >= 0 && (size_t)n < size);
    return (size_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char line[256 * 1024];
    struct http_request request = {.body = data, .body_size = size};
    struct http_reply reply = {0};
    if (size == 0 || size > 8192)
        return 0;
    log_init(data[0] % 2 == 0 ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON, HEARTH_LOG_ERROR);
    size_t n = taken_line(&request, &reply, line, sizeof(line));
    ASSERT(reply.status == 204 || reply.status == 400);
    ASSERT((reply.status == 204) == (n > 0) && str_is_utf8(line, n));
    if (n > 0)
        ASSERT(memchr(line, '\n', n) == line + n - 1);
    buf_fini(&reply.body);
    return 0;
}
