/* hearthd migrate, backup, restore, verify: the database. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/plain_file.h"
#include "main/app_key.h"
#include "main/audit.h"
#include "main/backup_note.h"

/* Opening a handle has migrated it. */
static int migrate_node(struct app *app, void *ctx, struct err *err)
{
    int64_t has, wants;
    const char *node = app->nodes.items[app->node].name;
    (void)ctx;
    int r = STORAGE(app->storage, err, schema_version, &has, &wants);
    if (r == 0)
        main_cli_print(stdout, "The database%s%s has schema %lld.\n",
                       node[0] != '\0' ? " of node " : "", node, (long long)has);
    return r;
}

static int storage_migrate_cmd(struct app *app, struct cli *cli, struct err *err)
{
    (void)cli;
    return main_app_each_node(app, migrate_node, NULL, err);
}

/* An archive is checked before it gets its name, and read twice: it is a file. */
static int full_path(const char *given, char *out, size_t size, struct err *err)
{
    char cwd[2048];
    if (strcmp(given, "-") == 0)
        return err_set(err, HEARTH_ERR_INVALID,
                       "an archive is a file that is checked as a whole: name one instead of - "
                       "(standard input and output)");
    if (given[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s: the present directory has no name: give the whole path", given);
    int n = given[0] == '/' ? snprintf(out, size, "%s", given)
                            : snprintf(out, size, "%s/%s", cwd, given);
    return n < (int)size
               ? 0
               : err_set(err, HEARTH_ERR_INVALID, "the path is longer than %zu bytes", size - 1);
}

static int storage_backup_cmd(struct app *app, struct cli *cli, struct err *err)
{
    char path[4096];
    int r = full_path(cli->argv[0], path, sizeof(path), err);
    if (r == 0)
        r = main_app_use_node(app, app->nodes.own, err);
    if (r == 0 && app->storage->backup == NULL)
        r = err_set(
            err, HEARTH_ERR_UNSUPPORTED,
            "this storage copies nothing: use the tools of its database (for PostgreSQL: pg_dump)");
    if (r == 0)
        r = STORAGE_OF(app->storage, backup, err, backup, path);
    struct err why = {0};
    if (r == 0 && main_backup_note(app->state_dir, &why) < 0) /* it is one all the same */
        log_event(HEARTH_LOG_WARNING, "main", "backup not noted", LOG_TEXT("error", why.text));
    if (r == 0)
        main_cli_print(stdout,
                       "The database was copied to %s (\"hearthd restore\" reads it). The key file "
                       "is not in it: keep a copy of %s apart.\n",
                       path, conf_get_text(app->conf, "hearth", "key_file"));
    return r;
}

static int verify_on_finding(void *ctx, const char *line)
{
    ++*(int *)ctx;
    main_cli_print(stdout, "%s\n", line);
    return 0;
}

static int verify_node(struct app *app, void *ctx, struct err *err)
{
    const char *node = app->nodes.items[app->node].name;
    if (node[0] != '\0')
        main_cli_print(stdout, "Node %s:\n", node);
    return STORAGE(app->storage, err, verify, verify_on_finding, ctx);
}

static int storage_verify_cmd(struct app *app, struct cli *cli, struct err *err)
{
    (void)cli;
    int findings = 0;
    int r = main_app_each_node(app, verify_node, &findings, err);
    /* A verdict that promises more than was looked for would be a lie. */
    if (r == 0)
        main_cli_print(
            stdout,
            "Not looked for: a text or number that a disk changed and that nothing else repeats "
            "(only a database whose pages have checksums finds those).\n");
    if (r == 0 && findings > 0)
        r = err_set(err, HEARTH_ERR_CORRUPT, "%d finding%s", findings, findings == 1 ? "" : "s");
    if (r == 0)
        main_cli_print(stdout, app->nodes.count > 1 ? "The databases are sound.\n"
                                                    : "The database is sound.\n");
    return r;
}

static int storage_run_cmd(struct cli *cli,
                           int (*command)(struct app *, struct cli *, struct err *))
{
    struct app app = {0};
    struct err err = {0};
    int r = main_app_init(&app, cli, &err);
    app.makes = command == storage_migrate_cmd ? APP_MAKES_DATABASE : APP_MAKES_NOTHING;
    if (r == 0)
        r = main_app_open_storage(
            &app, command == storage_migrate_cmd ? APP_MIGRATE_ALL : APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = command(&app, cli, &err);
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}

int main_cmd_migrate(struct cli *cli)
{
    return storage_run_cmd(cli, storage_migrate_cmd);
}

int main_cmd_backup(struct cli *cli)
{
    return storage_run_cmd(cli, storage_backup_cmd);
}

static int on_restored(void *ctx, const char *line)
{
    (void)ctx;
    main_cli_print(stdout, "%s\n", line);
    return 0;
}

/* What of the key is needed: the database in its place says with which it was sealed. */
static void print_restored(struct app *app, const char *path)
{
    struct err err = {0};
    const char *key_file = main_app_key_path(app);
    main_cli_print(stdout, "The database is as it was in %s.\n", path);
    app->makes = APP_MAKES_NOTHING;
    int r = main_app_open_storage(app, APP_MIGRATE_NEVER, &err);
    if (r == 0)
        r = main_app_check_key(app, &err);
    if (r == HEARTH_ERR_UNSUPPORTED) /* of an older release; the next start brings it up */
        main_cli_print(stdout, "The key file is not in it: %s must be the one of that time.\n",
                       key_file);
    else if (r < 0)
        main_cli_print(stdout, "It does not start with this key file yet: %s.\n", err.text);
    else if (access(key_file, F_OK) == 0)
        main_cli_print(stdout, "The key file %s is the one that it was sealed with.\n", key_file);
    else
        main_cli_print(stdout, "Nothing was sealed in it: the next start makes the key file %s.\n",
                       key_file);
}

int main_cmd_restore(struct cli *cli)
{
    char path[4096];
    struct app app = {0};
    struct err err = {0};
    int r = full_path(cli->argv[0], path, sizeof(path), &err);
    if (r == 0)
        r = main_app_init(&app, cli, &err);
    struct err why = {0};
    /* a pipe, say; else the plugin says what is wrong */
    if (r == 0 && plain_file_check(path, INT64_MAX, NULL, &why) == HEARTH_ERR_INVALID)
        r = err_set(&err, why.code, "%s", why.text);
    if (r == 0)
        r = main_app_restore(&app, path, cli->replace, on_restored, NULL, &err);
    if (r == 0)
        print_restored(&app, path);
    if (r == 0)
        main_audit_command(&app, "backup restored", LOG_TEXT("file", path));
    main_app_fini(&app);
    return r < 0 ? main_cli_fail(&err) : CLI_OK;
}

int main_cmd_verify(struct cli *cli)
{
    return storage_run_cmd(cli, storage_verify_cmd);
}
