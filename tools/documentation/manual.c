/* The pages of the manual, in the macros of man(7). */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "documentation.h"

/* Of what is written by hand here; a page does not change with the day of its build. */
#define PAGES_DATE "2026-11-30"

/* --- roff --- */

/* The bytes that it took. */
static int roff_bytes(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + size;
    int n = 0;
    for (; p < end; p++) {
        if (*p == '\\')
            n += printf("\\e");
        else if (*p == '-')
            n += printf("\\-");
        else if (*p == '\'')
            n += printf("\\(aq");
        else if ((*p & 0xf0) == 0xe0) { /* of three bytes, as all are that the tables have */
            n += printf("\\[u%04X]",
                        (unsigned)((*p & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f)));
            p += 2;
        } else
            n += printf("%c", *p);
    }
    return n;
}

static void roff_text(const char *text)
{
    roff_bytes(text, strlen(text));
}

/* Lines that are no requests, whatever they begin with: a new one for each sentence, and where it
 * would be long. */
static void roff_line(const char *text)
{
    int column = 0;
    bool ended = false;
    for (const char *word = text; *word != '\0';) {
        size_t n = strcspn(word, " ");
        if (column > 0 && (ended || column + (int)n > 70)) {
            printf("\n");
            column = 0;
        }
        if (column > 0)
            column += printf(" ");
        else if (word[0] == '.' || word[0] == '\'')
            column += printf("\\&");
        column += roff_bytes(word, n);
        ended = n > 1 && word[n - 1] == '.';
        word += n + (word[n] == ' ');
    }
    printf("\n");
}

/* A blank line in it begins a paragraph. */
static void roff_paragraphs(const char *text)
{
    char *copy = strdup(text), *rest = copy, *part;
    while (copy != NULL && (part = strsep(&rest, "\n")) != NULL)
        if (part[0] != '\0')
            roff_line(part);
        else
            printf(".PP\n");
    free(copy);
}

static void roff_bold_tag(const char *bold, const char *more)
{
    printf(".TP\n\\fB");
    roff_text(bold);
    printf("\\fR");
    roff_text(more);
    printf("\n");
}

static void roff_head(const char *name, const char *section, const char *group, const char *what)
{
    printf(".\\\" made by tools/documentation from the tables of commands and keys\n");
    printf(".TH %s %s %s \"Hearth %s\" \"%s\"\n.SH NAME\n", name, section, PAGES_DATE,
           HEARTH_VERSION, group);
    roff_text(what);
    printf("\n");
}

static void roff_example(const char *text)
{
    printf(".PP\n.in +4n\n.EX\n");
    for (const char *line = text, *end; *line != '\0'; line = end + 1) {
        char part[200];
        end = strchrnul(line, '\n');
        snprintf(part, sizeof(part), "%.*s", (int)(end - line), line);
        roff_text(part);
        printf("\n");
        if (*end == '\0')
            break;
    }
    printf(".EE\n.in\n");
}

/* --- hearthd(1) --- */

static void print_option_tag(const struct cli_option *option)
{
    char tag[80];
    if (option->letter != '\0')
        snprintf(tag, sizeof(tag), "-%c, --%s", option->letter, documentation_option_name(option));
    else
        snprintf(tag, sizeof(tag), "--%s", documentation_option_name(option));
    printf(".TP\n\\fB");
    roff_text(tag);
    printf("\\fR");
    if (option->argument != NULL) {
        printf(" \\fI");
        roff_text(option->argument);
        printf("\\fR");
    }
    printf("\n");
    roff_line(option->help);
}

static void print_command(const struct cli_command *command)
{
    const char *ids = command->options;
    const struct cli_option *option;
    printf(".SS hearthd ");
    roff_text(command->name);
    if (command->words != NULL && command->words[0] != '\0') {
        printf(" ");
        roff_text(command->words);
    }
    printf("\n");
    char help[300];
    snprintf(help, sizeof(help), "%s.", command->help);
    if (help[0] >= 'a' && help[0] <= 'z')
        help[0] = (char)(help[0] - 'a' + 'A');
    roff_line(help);
    if (command->text != NULL)
        roff_paragraphs(command->text);
    while ((option = documentation_next_option(&ids)) != NULL)
        print_option_tag(option);
    if (command->fails != NULL) {
        char when[300];
        snprintf(when, sizeof(when), "Exit code 1 also when %s.", command->fails);
        printf(".PP\n");
        roff_line(when);
    }
    if (command->examples != NULL)
        roff_example(command->examples);
}

void documentation_hearthd_page(void)
{
    const char *ids = main_options_of_all;
    const struct cli_option *option;
    roff_head("HEARTHD", "1", "User Commands",
              "hearthd - your Firefox bookmarks, history and open tabs, on your own server");
    printf(".SH SYNOPSIS\n.B hearthd\n[\\fIOPTION\\fR...] [\\fICOMMAND\\fR [\\fIWORD\\fR...]]\n");
    printf(".SH DESCRIPTION\n");
    roff_line("hearthd is a self-hosted Firefox Home server: it joins Firefox Sync as one more "
              "client, keeps a copy of what devices upload in a database, and serves it as a web "
              "app, JSON and plain pages. Without a command it runs as the daemon; the commands "
              "work on the same configuration, also beside a daemon that runs.");
    printf(".PP\n");
    roff_line("Options stand anywhere, in full; behind -- are words alone. What cannot be undone "
              "asks on a terminal, and needs --yes elsewhere. Times in tables are local, with "
              "their zone.");
    printf(".SH OPTIONS\nOf every command:\n");
    while ((option = documentation_next_option(&ids)) != NULL)
        print_option_tag(option);
    printf(".SH COMMANDS\n");
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        print_command(c);
    printf(".SH EXIT STATUS\n");
    for (int i = 0; i < 3; i++) {
        char code[4];
        snprintf(code, sizeof(code), "%d", i);
        roff_bold_tag(code, "");
        roff_line(main_exit_codes[i]);
    }
    printf(".SH ENVIRONMENT\n");
    roff_bold_tag("STATE_DIRECTORY", "");
    roff_line("The state directory, unless the configuration names one; systemd sets it.");
    roff_bold_tag("TZ", "");
    roff_line("The zone of times in tables, and of those that are given without a Z.");
    printf(".SH FILES\n");
    roff_bold_tag("/etc/hearth/conf.d/*.conf", "");
    roff_line("The configuration, in name order.");
    roff_bold_tag("/var/lib/hearth", "");
    roff_line("The state directory: database, people's files, key file, control socket.");
    printf(".SH SEE ALSO\n.BR hearth.conf (5),\n.BR hearth\\-plugin (7)\n");
}

/* --- hearth.conf(5) --- */

static const char *type_words(int type)
{
    switch (type) {
    case HEARTH_CONFIG_INT:
        return "number";
    case HEARTH_CONFIG_BOOL:
        return "yes or no";
    case HEARTH_CONFIG_DURATION:
        return "duration";
    case HEARTH_CONFIG_SIZE:
        return "size";
    case HEARTH_CONFIG_URL:
        return "address";
    case HEARTH_CONFIG_PATH:
    case CONF_FOLDER:
        return "path";
    case HEARTH_CONFIG_SECRET:
        return "secret";
    case CONF_NETWORKS:
    case CONF_PATTERNS:
    case CONF_HOSTS:
        return "list";
    default:
        return "text";
    }
}

static void print_key(const struct hearth_config_key *key)
{
    char more[300];
    const char *choices = key->choices != NULL ? key->choices : type_words(key->type);
    bool one_of = key->choices != NULL;
    if (key->required)
        snprintf(more, sizeof(more), " = %s%s (needed)", one_of ? "one of " : "", choices);
    else if (key->fallback == NULL || key->fallback[0] == '\0')
        snprintf(more, sizeof(more), " = %s%s", one_of ? "one of " : "", choices);
    else
        snprintf(more, sizeof(more), " = %s%s (default: %s)", one_of ? "one of " : "", choices,
                 key->fallback);
    roff_bold_tag(key->name, more);
    roff_line(key->help);
}

static void print_plugin_keys(const char *kind)
{
    static const struct plugin_keys *const all[] = {
        &documentation_keys_sqlite, &documentation_keys_pg, &documentation_keys_inproc,
        &documentation_keys_redis, &documentation_keys_fx};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i]->kind, kind) != 0)
            continue;
        printf(".PP\nWith \\fBplugin = %s\\fR:\n", all[i]->name);
        for (size_t k = 0; k < all[i]->count; k++)
            print_key(&all[i]->keys[k]);
    }
}

void documentation_conf_page(void)
{
    roff_head("HEARTH.CONF", "5", "File Formats", "hearth.conf - the configuration of hearthd(1)");
    printf(".SH SYNOPSIS\n.I /etc/hearth/conf.d/*.conf\n.SH DESCRIPTION\n");
    roff_line("hearthd reads every *.conf file of the folder in name order; --config names "
              "another folder. An empty configuration is a working single node. A line is a "
              "[section] or [section NAME], a key = value, or a comment that begins with # or ;. "
              "A later file overrides a key of an earlier one. What is unknown, malformed or given "
              "twice in one file is an error, with file and line.");
    printf(".PP\n");
    roff_line("Durations are 250ms, 10s, 15min, 1h, 60d; sizes 512, 64KiB, 64MiB, 1GiB. Lists "
              "have white space or commas between their items. ${NAME} in a value is the "
              "environment variable of that name. KEY_file = PATH takes the value of KEY from a "
              "file. Relative paths start at state_dir.");
    printf(".PP\n");
    roff_line("\"hearthd config\" shows what is in force and where each value came from; \"hearthd "
              "check\" says what would keep the daemon from starting.");
    printf(".SH SECTIONS\n");
    for (const struct conf_kind *kind = conf_kinds(); kind->name != NULL; kind++) {
        printf(".SS [%s%s]\n", kind->name, kind->named ? " NAME" : "");
        for (size_t i = 0; i < kind->count; i++)
            print_key(&kind->keys[i]);
        if (kind->plugin)
            print_plugin_keys(kind->name);
    }
    printf(".SH EXAMPLES\n");
    roff_line("A single node with a certificate, for two people:");
    roff_example("[listen main]\naddress = 0.0.0.0:8443\ntls_certificate = "
                 "/etc/hearth/home.pem\ntls_key = /etc/hearth/home.key\n[auth]\nallow = "
                 "ada@example.org, grace@example.org\n");
    printf(".SH SEE ALSO\n.BR hearthd (1),\n.BR hearth\\-plugin (7)\n");
}

/* --- hearth-plugin(7) --- */

void documentation_plugin_page(void)
{
    roff_head("HEARTH-PLUGIN", "7", "Miscellanea",
              "hearth-plugin - storages, queues and sync providers of hearthd(1)");
    printf(".SH DESCRIPTION\n");
    roff_line("A plugin is a shared object KIND-NAME.so that hearthd loads when the configuration "
              "names it. It knows of hearthd the installed headers alone, which are its reference, "
              "and exports one function, hearth_plugin_v2(), that returns a constant: its "
              "descriptor, with its keys and its operations.");
    static const struct {
        const char *kind, *header, *text;
    } kinds[] = {
        {"storage", "hearth/storage.h",
         "keeps accounts and what is synced of them: one database for each node."},
        {"queue", "hearth/queue.h", "has the jobs that schedulers publish and workers do."},
        {"sync", "hearth/sync.h", "reads a person's data from a service, and signs people in."},
    };
    for (size_t i = 0; i < 3; i++) {
        char more[80];
        snprintf(more, sizeof(more), " (%s)", kinds[i].header);
        roff_bold_tag(kinds[i].kind, more);
        roff_line(kinds[i].text);
    }
    printf(".SH WRITING ONE\n");
    roff_line("\"plugin new\" makes a folder that builds, from the template of its kind; then its "
              "inside is replaced, one operation at a time, and the conformance kit run after "
              "each:");
    roff_example("hearthd plugin new queue tables\n"
                 "meson setup queue-tables/build queue-tables\n"
                 "meson compile -C queue-tables/build\n"
                 "hearthd plugin check queue-tables/build/queue-tables.so\n");
    roff_line("A plugin does nothing when it is loaded; it may block, each thread having a handle "
              "of its own; it looks at its deadline; it says what failed in a sentence.");
    printf(".SH COMMANDS\n");
    for (const struct cli_command *c = main_commands; c->name != NULL; c++)
        if (strncmp(c->name, "plugin ", 7) == 0) {
            char name[80];
            snprintf(name, sizeof(name), "hearthd %s", c->name);
            roff_bold_tag(name, "");
            roff_line(c->help);
        }
    printf(".SH FILES\n");
    roff_line("hearthd looks into [hearth] plugin_dir first, and then where its own are installed "
              "(pkg-config --variable=plugindir hearth). Nobody but root, or the user that it runs "
              "as, may be able to change the file or a folder above it.");
    printf(".SH SEE ALSO\n.BR hearthd (1),\n.BR hearth.conf (5)\n");
}
