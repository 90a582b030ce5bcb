/* An archive that is only looked at. */
#include <stdlib.h>

#include "archive/reader.h"

struct looking {
    archive_look look;
};

static int take_look(void *ctx, const struct archive_record *record, struct err *err)
{
    struct looking *looking = ctx;
    return looking->look == NULL ? 0 : looking->look(record, err);
}

static int end_look(void *ctx, struct err *err)
{
    (void)ctx;
    (void)err;
    return 0;
}

struct archive_reader *archive_check(const struct hearth_limits *limits, archive_look look,
                                     const struct archive_warnings *warnings)
{
    struct looking *looking = calloc(1, sizeof(*looking));
    struct archive_taker taker = {take_look, end_look, free, looking};
    if (looking != NULL)
        looking->look = look;
    struct archive_reader *reader = archive_reader_create(&taker, limits, warnings);
    if (reader == NULL)
        free(looking);
    return reader;
}
