/* hearthd migrate, backup, restore, verify: the database. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/plain_file.h"
#include "main/app_key.h"
#include "main/audit.h"

/* Opening a session has migrated it. */
static int migrate_node(struct app *app, void *ctx, struct err *err)
{
    int64_t has, wants;
    const char *node = app->nodes.items[app->node].name;
    (void)ctx;
    int r = STORE(app->store, err, schema_version, &has, &wants);
    if (r == 0)
        cli_say(stdout, "The database%s%s has schema %lld.\n", node[0] != '\0' ? " of node " : "", node, (long long)has);
    return r;
}

static int migrate(struct app *app, struct cli *cli, struct err *err)
{
    (void)cli;
    return app_each_node(app, migrate_node, NULL, err);
}

/* An archive is checked before it gets its name, and read twice: it is a file. */
static int full_path(const char *given, char *out, size_t size, struct err *err)
{
    char cwd[2048];
    if (strcmp(given, "-") == 0)
        return err_set(err, HEARTH_ERR_INVALID,
                       "an archive is a file that is checked as a whole: name one instead of - (standard input and output)");
    if (given[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return err_set(err, HEARTH_ERR_INVALID, "%s: the present directory has no name: give the whole path", given);
    int n = given[0] == '/' ? snprintf(out, size, "%s", given) : snprintf(out, size, "%s/%s", cwd, given);
    return n < (int)size ? 0 : err_set(err, HEARTH_ERR_INVALID, "the path is longer than %zu bytes", size - 1);
}

static int backup(struct app *app, struct cli *cli, struct err *err)
{
    char path[4096];
    int r = full_path(cli->argv[0], path, sizeof(path), err);
    if (r == 0)
        r = app_use_node(app, app->nodes.own, err);
    if (r == 0 && app->store->backup == NULL)
        r = err_set(err, HEARTH_ERR_UNSUPPORTED, "this storage copies nothing: use the tools of its database (for PostgreSQL: pg_dump)");
    if (r == 0)
        r = STORE_OF(app->store, backup, err, backup, path);
    if (r == 0)
        cli_say(stdout,
                "The database was copied to %s (\"hearthd restore\" reads it). The key file is not in it: keep a copy of %s apart.\n", path,
                conf_get_text(app->conf, "hearth", "key_file"));
    return r;
}

static int on_finding(void *ctx, const char *line)
{
    ++*(int *)ctx;
    cli_say(stdout, "%s\n", line);
    return 0;
}

static int verify_node(struct app *app, void *ctx, struct err *err)
{
    const char *node = app->nodes.items[app->node].name;
    if (node[0] != '\0')
        cli_say(stdout, "Node %s:\n", node);
    return STORE(app->store, err, verify, on_finding, ctx);
}

static int verify(struct app *app, struct cli *cli, struct err *err)
{
    (void)cli;
    int findings = 0;
    int r = app_each_node(app, verify_node, &findings, err);
    /* A verdict that promises more than was looked for would be a lie. */
    if (r == 0)
        cli_say(stdout, "Not looked for: a text or number that a disk changed and that nothing else repeats "
                        "(only a database whose pages have checksums finds those).\n");
    if (r == 0 && findings > 0)
        r = err_set(err, HEARTH_ERR_CORRUPT, "%d finding%s", findings, findings == 1 ? "" : "s");
    if (r == 0)
        cli_say(stdout, app->nodes.count > 1 ? "The databases are sound.\n" : "The database is sound.\n");
    return r;
}

static int run(struct cli *cli, int words, const char *usage, int (*command)(struct app *, struct cli *, struct err *))
{
    if (cli->argc != words)
        return cli_usage(usage);
    struct app app = {0};
    struct err err = {0};
    int r = app_init(&app, cli, &err);
    app.makes = command == migrate ? APP_MAKES_DATABASE : APP_MAKES_NOTHING;
    if (r == 0)
        r = app_open_storage(&app, command == migrate ? APP_MIGRATE_ALL : APP_MIGRATE_SINGLE, &err);
    if (r == 0)
        r = command(&app, cli, &err);
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}

int cmd_migrate(struct cli *cli)
{
    return run(cli, 0, "migrate", migrate);
}

int cmd_backup(struct cli *cli)
{
    return run(cli, 1, "backup FILE", backup);
}

static int on_restored(void *ctx, const char *line)
{
    (void)ctx;
    cli_say(stdout, "%s\n", line);
    return 0;
}

/* What of the key is needed: the database in its place says with which it was sealed. */
static void say_restored(struct app *app, const char *path)
{
    struct err err = {0};
    const char *key_file = app_key_path(app);
    cli_say(stdout, "The database is as it was in %s.\n", path);
    app->makes = APP_MAKES_NOTHING;
    int r = app_open_storage(app, APP_MIGRATE_NEVER, &err);
    if (r == 0)
        r = app_check_key(app, &err);
    if (r == HEARTH_ERR_UNSUPPORTED) /* of an older release; the next start brings it up */
        cli_say(stdout, "The key file is not in it: %s must be the one of that time.\n", key_file);
    else if (r < 0)
        cli_say(stdout, "It does not start with this key file yet: %s.\n", err.text);
    else if (access(key_file, F_OK) == 0)
        cli_say(stdout, "The key file %s is the one that it was sealed with.\n", key_file);
    else
        cli_say(stdout, "Nothing was sealed in it: the next start makes the key file %s.\n", key_file);
}

int cmd_restore(struct cli *cli)
{
    char path[4096];
    struct app app = {0};
    struct err err = {0};
    if (cli->argc != 1)
        return cli_usage("restore FILE [--replace]");
    int r = full_path(cli->argv[0], path, sizeof(path), &err);
    if (r == 0)
        r = app_init(&app, cli, &err);
    struct err why = {0};
    if (r == 0 && plain_file_check(path, INT64_MAX, NULL, &why) == HEARTH_ERR_INVALID) /* a pipe, say; else the plugin says what is wrong */
        r = err_set(&err, why.code, "%s", why.text);
    if (r == 0)
        r = app_restore(&app, path, cli->replace, on_restored, NULL, &err);
    if (r == 0)
        say_restored(&app, path);
    if (r == 0)
        audit_command(&app, "backup restored", LOG_TEXT("file", path));
    app_fini(&app);
    return r < 0 ? cli_fail(&err) : CLI_OK;
}

int cmd_verify(struct cli *cli)
{
    return run(cli, 0, "verify", verify);
}
