/* Commands that cannot be undone ask first. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "main/cli.h"

enum { QUESTION_MAX = 1024, ANSWER_MAX = 64 };

static bool answer_is_yes(const char *answer)
{
    char word[8] = "";
    size_t n = strcspn(answer, " \t\r\n");
    for (size_t i = 0; i < n && i < sizeof(word) - 1; i++)
        word[i] = codec_lower(answer[i]);
    return strcmp(word, "y") == 0 || strcmp(word, "yes") == 0;
}

int main_cli_confirm(const struct cli *cli, struct err *err, const char *question, ...)
{
    char text[QUESTION_MAX], answer[ANSWER_MAX];
    va_list arguments;
    if (cli->yes)
        return 0;
    va_start(arguments, question);
    vsnprintf(text, sizeof(text), question, arguments);
    va_end(arguments);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s Nobody can answer here: nothing was done. Give --yes if it is meant.",
                       text);
    fflush(stdout);
    main_cli_print(stderr, "%s [y/N] ", text);
    fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) == NULL || !answer_is_yes(answer))
        return err_set(err, HEARTH_ERR_CANCELLED, "nothing was done");
    return 0;
}

const char *main_cli_count(long long number, const char *one, const char *many,
                           char ret_text[CLI_COUNT_SIZE])
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", number), k = 0;
    for (int i = 0; i < n; i++) {
        ret_text[k++] = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - i - 1) % 3 == 0)
            ret_text[k++] = ',';
    }
    snprintf(ret_text + k, CLI_COUNT_SIZE - (size_t)k, " %s", number == 1 ? one : many);
    return ret_text;
}
