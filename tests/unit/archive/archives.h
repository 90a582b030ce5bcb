/* Archives that tests make by hand, and a storage to put them into. */
#ifndef TESTS_UNIT_ARCHIVE_ARCHIVES_H
#define TESTS_UNIT_ARCHIVE_ARCHIVES_H

#include "../../plugins/storage-sqlite/fixture.h"
#include "archive/archive.h"
#include "base/buf.h"

extern struct fixture *fixture;
extern struct buf said; /* warnings, a line each */
extern const struct archive_warnings warnings;

int begin_test(void **state);
int end_test(void **state);

#define FIRST "{\"record\":\"archive\",\"version\":1,\"data_model\":2}\n"
#define ACCOUNT                                                                                    \
    "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example.org\",\"uid\":\"u\",\"provider\":" \
    "\"fx\"}\n"
#define SOURCE         "{\"record\":\"source\",\"id\":2,\"name\":\"n\",\"kind\":1}\n"
#define SEALED(source) "{\"record\":\"credentials\",\"sealed\":\"0001ff\",\"source\":" #source "}\n"
#define DEVICE                                                                                     \
    "{\"record\":\"device\",\"id\":\"d\",\"name\":\"Phone\",\"type\":\"mobile\",\"last_upload\":"  \
    "5}\n"
#define PAGE "{\"record\":\"page\",\"id\":7,\"url\":\"https://u/\",\"host\":\"u\"}\n"
#define REMOVED                                                                                    \
    "{\"record\":\"removed_here\",\"id\":\"r\",\"kind\":3,\"host\":\"u\",\"created\":4}\n"

/* With its last line. */
void seal_archive(struct buf *archive);
int feed_archive(struct archive_reader *reader, const char *text, size_t size,
                 struct archive_summary *summary, struct err *err);
/* With credentials and tokens; a NUL behind it. */
void write_to(struct storage *storage, const char *account, struct buf *ret);
int store_archive(struct storage *storage, const struct archive_into *into, const char *body,
                  struct err *err);

#endif
