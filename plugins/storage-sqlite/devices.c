#include "devices.h"

#include "query.h"
#include "session.h"
#include "support/text.h"

/* An INSERT that does nothing on a conflict, else the UPDATE: both with the same parameters. Returns 1 when the row is new. */
static int run_put(struct session *session, const char *const sql[2], void (*bind)(struct query *query, const void *value),
                   const void *value)
{
    struct query query;
    for (int i = 0; i < 2; i++) {
        query_open(&query, session, sql[i]);
        bind(&query, value);
        int r = query_run(&query);
        if (r < 0)
            return r;
        if (query_changes(session) > 0)
            return i == 0;
    }
    return 0;
}

static void bind_device(struct query *query, const void *value)
{
    const struct hearth_device *device = value;
    query_text(query, device->id);
    query_text(query, support_or_empty(device->name));
    query_text(query, device->type == NULL ? "unknown" : device->type);
    query_text(query, device->os);
    query_text(query, device->version);
    query_text(query, device->fxa_device_id);
    query_int(query, device->last_upload);
}

int device_put(void *self, struct hearth_call *call, const struct hearth_device *device)
{
    static const char *const PUT[2] = {
        "INSERT INTO devices (id, name, type, os, version, fxa_device_id, last_upload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
        "ON CONFLICT DO NOTHING",
        "UPDATE devices SET name = ?2, type = ?3, os = ?4, version = ?5, fxa_device_id = ?6, last_upload = ?7 WHERE id = ?1",
    };
    struct op op;
    if (device->id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a device needs an id");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = run_put(op.session, PUT, bind_device, device);
    if (r > 0)
        op.session->batch.delta[COUNT_DEVICES]++;
    return op_end_in_batch(&op, r < 0 ? r : 0);
}

static int clear_tabs(struct session *session, const char *device)
{
    static const char ALL[] = "DELETE FROM tabs", ONE[] = "DELETE FROM tabs WHERE device = ?";
    struct query query;
    query_open(&query, session, device == NULL ? ALL : ONE);
    if (device != NULL)
        query_text(&query, device);
    int r = query_run(&query);
    if (r == 0)
        session->batch.delta[COUNT_TABS] -= query_changes(session);
    return r;
}

int device_remove(void *self, struct hearth_call *call, const char *device)
{
    static const char REMOVE[] = "DELETE FROM devices WHERE id = ?";
    struct op op;
    struct query query;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = clear_tabs(op.session, device);
    if (r == 0) {
        query_open(&query, op.session, REMOVE);
        query_text(&query, device);
        r = query_run(&query);
    }
    if (r == 0)
        op.session->batch.delta[COUNT_DEVICES] -= query_changes(op.session);
    return op_end_in_batch(&op, r);
}

int tabs_clear(void *self, struct hearth_call *call, const char *device)
{
    struct op op;
    int r = op_begin_in_batch(&op, self, call);
    return r < 0 ? r : op_end_in_batch(&op, clear_tabs(op.session, device));
}

struct device_tab {
    const char *device;
    const struct hearth_tab *tab;
};

static void bind_tab(struct query *query, const void *value)
{
    const struct device_tab *put = value;
    query_text(query, put->device);
    query_int(query, put->tab->position);
    query_text(query, support_or_empty(put->tab->title));
    query_text(query, put->tab->url);
    query_text(query, put->tab->icon);
    query_text(query, put->tab->group);
    query_int(query, put->tab->last_used);
    query_int(query, put->tab->inactive);
    query_int(query, put->tab->pinned);
}

int tab_put(void *self, struct hearth_call *call, const char *device, const struct hearth_tab *tab)
{
    static const char *const PUT[2] = {
        "INSERT INTO tabs (device, position, title, url, icon, \"group\", last_used, inactive, pinned) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        "UPDATE tabs SET title = ?3, url = ?4, icon = ?5, \"group\" = ?6, last_used = ?7, inactive = ?8, pinned = ?9 "
        "WHERE device = ?1 AND position = ?2",
    };
    struct op op;
    if (device == NULL || tab->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a tab needs a device and a URL");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = run_put(op.session, PUT, bind_tab, &(struct device_tab){device, tab});
    if (r > 0)
        op.session->batch.delta[COUNT_TABS]++;
    return op_end_in_batch(&op, r < 0 ? r : 0);
}

int device_list(void *self, struct hearth_call *call, const char *account, hearth_device_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT id, name, type, os, version, fxa_device_id, last_upload, "
                               "(SELECT count(*) FROM tabs t WHERE t.device = d.id) "
                               "FROM devices d ORDER BY last_upload DESC, id";
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, LIST);
    while ((r = query_step(&query)) > 0) {
        struct hearth_device device = {
            .struct_size = sizeof(device),
            .id = column_text(&query, 0),
            .name = column_text(&query, 1),
            .type = column_text(&query, 2),
            .os = column_text(&query, 3),
            .version = column_text(&query, 4),
            .fxa_device_id = column_text(&query, 5),
            .last_upload = column_int(&query, 6),
        };
        if (cb(ctx, &device, column_int(&query, 7)) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

int tab_list(void *self, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx)
{
#define COLUMNS "SELECT device, position, title, url, icon, \"group\", last_used, inactive, pinned FROM tabs"
    static const char ALL[] = COLUMNS " ORDER BY device, last_used DESC, position";
    static const char ONE[] = COLUMNS " WHERE device = ? ORDER BY last_used DESC, position";
#undef COLUMNS
    struct op op;
    struct query query;
    int r = op_begin_person(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    query_open(&query, op.session, device == NULL ? ALL : ONE);
    if (device != NULL)
        query_text(&query, device);
    while ((r = query_step(&query)) > 0) {
        struct hearth_tab tab = {
            .struct_size = sizeof(tab),
            .position = (int32_t)column_int(&query, 1),
            .title = column_text(&query, 2),
            .url = column_text(&query, 3),
            .icon = column_text(&query, 4),
            .group = column_text(&query, 5),
            .last_used = column_int(&query, 6),
            .inactive = column_int(&query, 7) != 0,
            .pinned = column_int(&query, 8) != 0,
        };
        if (cb(ctx, column_text(&query, 0), &tab) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}
