#include <stdio.h>
#include <string.h>

#include "documentation.h"

static const struct {
    const char *name;
    void (*print)(void);
} documents[] = {
    {"hearthd.1", documentation_hearthd_page},
    {"hearth.conf.5", documentation_conf_page},
    {"hearth-plugin.7", documentation_plugin_page},
    {"bash", documentation_bash},
    {"zsh", documentation_zsh},
    {"fish", documentation_fish},
};

const char *documentation_option_name(const struct cli_option *option)
{
    return option->name != NULL ? option->name : option->id;
}

const struct cli_option *documentation_next_option(const char **ids)
{
    size_t n = strcspn(*ids, " ");
    const char *id = *ids;
    *ids += n + (id[n] == ' ');
    for (const struct cli_option *o = main_options; n > 0 && o->id != NULL; o++)
        if (strncmp(o->id, id, n) == 0 && o->id[n] == '\0')
            return o;
    return NULL;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof(documents) / sizeof(documents[0]); i++)
        if (strcmp(documents[i].name, argv[1]) == 0) {
            documents[i].print();
            return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
        }
    fprintf(stderr, "usage: documentation NAME, which is one of\n");
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        fprintf(stderr, "  %s\n", documents[i].name);
    return 2;
}
