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

#define FIRST   "{\"record\":\"archive\",\"version\":1,\"data_model\":2}\n"
#define ACCOUNT "{\"record\":\"account\",\"id\":\"x\",\"email\":\"x@example.org\",\"uid\":\"u\",\"provider\":\"fx\"}\n"
#define DEVICE  "{\"record\":\"device\",\"id\":\"d\",\"name\":\"Phone\",\"type\":\"mobile\",\"last_upload\":5}\n"
#define PAGE    "{\"record\":\"page\",\"id\":7,\"url\":\"https://u/\",\"host\":\"u\"}\n"
#define REMOVED "{\"record\":\"removed_here\",\"id\":\"r\",\"kind\":3,\"host\":\"u\",\"created\":4}\n"

/* With its last line. */
void seal_archive(struct buf *archive);
int feed_archive(struct archive_reader *reader, const char *text, size_t size, struct archive_summary *summary, struct err *err);
int store_archive(struct store *store, const struct archive_into *into, const char *body, struct err *err);

#endif
