/* Clients: the devices of an account. */
#include "record.h"

#include <string.h>
#include <strings.h>

/* Words of the records, to the six types of the core. */
static const char *device_type_of(const char *word)
{
    static const char *const types[][2] = {
        {"desktop", "desktop"},    {"phone", "mobile"},  {"mobile", "mobile"},
        {"smartphone", "mobile"},  {"tablet", "tablet"}, {"largetablet", "tablet"},
        {"smalltablet", "tablet"}, {"tv", "tv"},         {"vr", "vr"}};
    for (size_t i = 0; word != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(word, types[i][0]) == 0)
            return types[i][1];
    }
    return NULL;
}

/* `type` says desktop or mobile; old clients call tablets mobile too, and tell them apart in
 * formfactor. */
static const char *client_read_type(struct fx_translate *t, const struct fx_json *json)
{
    const char *type = device_type_of(fx_record_text(t, json, "type")),
               *form = device_type_of(fx_record_text(t, json, "formfactor"));
    if (type == NULL || (strcmp(type, "mobile") == 0 && form != NULL))
        type = form;
    return type == NULL ? "unknown" : type;
}

static const char *read_short(struct fx_translate *t, const struct fx_json *json, const char *name)
{
    const char *text = fx_record_cut(t, fx_record_text(t, json, name), FX_NAME_UNITS);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

int fx_record_client(struct fx_translate *t, const struct fx_record *record,
                     struct hearth_device *ret_device)
{
    const char *name = read_short(t, record->json, "name");
    *ret_device = (struct hearth_device){
        .struct_size = sizeof(*ret_device),
        .id = record->id,
        .name = name == NULL ? "Firefox" : name,
        .type = client_read_type(t, record->json),
        .os = read_short(t, record->json, "os"),
        .version = read_short(t, record->json, "version"),
        .fxa_device_id = read_short(t, record->json, "fxaDeviceId"),
        .last_upload = record->modified,
    };
    return FX_TAKEN;
}
