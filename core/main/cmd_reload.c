/* hearthd reload: the daemon that runs reads its configuration again. */
#include <stdio.h>
#include <string.h>

#include "main/app.h"
#include "main/control.h"

/* A configuration with faults is found by reading it; the daemon reads it itself and says what is
 * so for it. */
int main_cmd_reload(struct cli *cli)
{
    struct app app = {0};
    struct err err = {0};
    struct buf body = {0};
    int status = 0, r = main_app_init(&app, cli, &err);
    if (r == 0)
        r = main_control_send(app.state_dir, "/control/reload", "{}", &status, &body, &err);
    const char *text = body.data == NULL ? "" : body.data;
    if (r == 0 && status != 200 && status != 422)
        r = err_set(&err, HEARTH_ERR_UNAVAILABLE, "not reloaded: %s", text);
    for (const char *line = text; r == 0 && *line != '\0';) {
        size_t n = strcspn(line, "\n");
        main_cli_print(status == 200 ? stdout : stderr, "%s%.*s\n",
                       status == 200 ? "" : "hearthd: ", (int)n, line);
        line += n + (line[n] == '\n');
    }
    buf_fini(&body);
    main_app_fini(&app);
    if (r < 0)
        return main_cli_fail(&err);
    return status == 200 ? CLI_OK : CLI_USAGE;
}
