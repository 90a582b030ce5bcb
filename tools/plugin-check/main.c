/* plugin-check: the conformance kit as a program. `hearthd plugin check` runs it; it is a
 * program of its own because it puts its own allocator before the plugin's, to make allocations
 * fail. */
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"
#include "run.h"

/* What an operation may take that has nothing to wait for; so much longer where all of it is
 * slower. */
enum { PATIENCE_SECONDS = 5, PATIENCE_FACTOR = 5 };

static int usage_print(void)
{
    fprintf(stderr, "usage: hearthd plugin check [--config FILE] [--seed N] [--faults] [--test "
                    "WORDS] [--import FILE] "
                    "[--patience SECONDS] [--break COMMAND --mend COMMAND] PATH.so\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'},
        {"faults", no_argument, NULL, 'f'},
        {"test", required_argument, NULL, 't'},
        {"import", required_argument, NULL, 'i'},
        {"patience", required_argument, NULL, 'p'},
        {"break", required_argument, NULL, 'b'},
        {"mend", required_argument, NULL, 'm'},
        {NULL, 0, NULL, 0},
    };
    struct kit_options kit = {.seed = (unsigned long)time(NULL)};
    char path[PATH_MAX];
    int64_t seed, seconds = PATIENCE_SECONDS;
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 'c')
            kit.config = optarg;
        else if (o == 't')
            kit.only = optarg;
        else if (o == 'i')
            kit.import = optarg;
        else if (o == 'b')
            kit.break_command = optarg;
        else if (o == 'm')
            kit.mend_command = optarg;
        else if (o == 'f')
            kit.faults = true;
        else if (o == 's' && str_to_int(optarg, &seed))
            kit.seed = (unsigned long)seed;
        else if (o != 'p' || !str_to_int(optarg, &seconds) || seconds < 1 || seconds > 3600)
            return usage_print();
    }
    if (optind != argc - 1 || (kit.break_command == NULL) != (kit.mend_command == NULL))
        return usage_print();
    if (realpath(argv[optind], path) == NULL) {
        fprintf(stderr, "hearthd: there is no file %s\n", argv[optind]);
        return 2;
    }
    kit.plugin = path;
    kit.patience = seconds * 1000 * (kit_memory_can_fail() ? 1 : PATIENCE_FACTOR);
    return kit_run_all(&kit) == 0 ? 0 : 1;
}
