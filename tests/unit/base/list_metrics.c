/* Prints the rows of the table of docs/metrics.md. */
#include <stdio.h>

#include "base/buf.h"
#include "base/metrics.h"

int main(void)
{
    struct buf rows = {0};
    metrics_write_table(&rows);
    fputs(rows.data, stdout);
    buf_fini(&rows);
    return 0;
}
