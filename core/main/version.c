#include "main/version.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <uv.h>

#include "http/http.h"
#include "main/app.h"
#include "main/table.h"

static void add_plugin(json_t *plugins, const struct plug *plug)
{
    char name[80];
    if (plug == NULL)
        return;
    snprintf(name, sizeof(name), "%s-%s", plug_kind_name(plug_descriptor(plug)->kind),
             plug_descriptor(plug)->name);
    json_object_set_new(plugins, name, json_string(plug_descriptor(plug)->version));
}

json_t *main_version_json(const struct app *app)
{
    json_t *plugins = json_object();
    if (app != NULL) {
        for (size_t i = 0; i < app->nodes.count; i++)
            add_plugin(plugins, app->nodes.items[i].storage);
        add_plugin(plugins, app->queue);
        for (size_t i = 0; i < app->provider_count; i++)
            add_plugin(plugins, app->providers[i]);
    }
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    json_t *libraries =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "h2o", http_library_version(), "openssl",
                  OpenSSL_version(OPENSSL_VERSION_STRING), "curl", curl->version, "libuv",
                  uv_version_string(), "jansson", JANSSON_VERSION);
    return json_pack("{s:s, s:o, s:o}", "version", HEARTH_VERSION, "plugins", plugins, "libraries",
                     libraries);
}

static void version_on_plugin(void *ctx, const struct plug_found *found)
{
    char name[80];
    if (found->why != NULL)
        return;
    snprintf(name, sizeof(name), "%s-%s", plug_kind_name(found->kind), found->name);
    json_object_set_new(ctx, name, json_string(found->version));
}

int main_cmd_version(struct cli *cli)
{
    const char *const *directories;
    json_t *value = main_version_json(NULL);
    size_t count = plug_directories(NULL, &directories);
    plug_list(directories, count, version_on_plugin, json_object_get(value, "plugins"));
    if (cli->json) {
        json_dumpf(value, stdout, JSON_INDENT(2));
        printf("\n");
    } else {
        printf("hearthd %s\n", HEARTH_VERSION);
        main_table_print_object(json_object_get(value, "plugins"));
        main_table_print_object(json_object_get(value, "libraries"));
    }
    json_decref(value);
    return CLI_OK;
}
