#include "devices.h"

#include "connection.h"
#include "session.h"
#include "support/text.h"

/* (xmax = 0): the row is new; the counters follow from the answers. */
int device_put(void *self, struct hearth_call *call, const struct hearth_device *device)
{
    static const char PUT[] =
        "INSERT INTO devices (account, id, name, type, os, version, fxa_device_id, last_upload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
        "ON CONFLICT (account, md5(id)) DO UPDATE SET name = excluded.name, type = excluded.type, os = excluded.os, "
        "version = excluded.version, fxa_device_id = excluded.fxa_device_id, last_upload = excluded.last_upload RETURNING (xmax = 0)::int";
    struct op op;
    struct query query;
    if (device->id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a device needs an id");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_int(&query, op.session->batch.account);
    query_text(&query, device->id);
    query_text(&query, support_or_empty(device->name));
    query_text(&query, device->type == NULL ? "unknown" : device->type);
    query_text(&query, device->os);
    query_text(&query, device->version);
    query_text(&query, device->fxa_device_id);
    query_int(&query, device->last_upload);
    return op_end_in_batch(&op, query_later(&query, COUNT_DEVICES, COUNT_NONE));
}

int device_remove(void *self, struct hearth_call *call, const char *device)
{
    static const char REMOVE[] = "WITH t AS (DELETE FROM tabs WHERE account = $1 AND md5(device) = md5($2) AND device = $2 RETURNING 1), "
                                 "d AS (DELETE FROM devices WHERE account = $1 AND md5(id) = md5($2) AND id = $2 RETURNING 1) "
                                 "SELECT -(SELECT count(*) FROM t), -(SELECT count(*) FROM d)";
    struct op op;
    struct query query;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_int(&query, op.session->batch.account);
    query_text(&query, device);
    return op_end_in_batch(&op, query_later(&query, COUNT_TABS, COUNT_DEVICES));
}

int tabs_clear(void *self, struct hearth_call *call, const char *device)
{
    static const char ALL[] = "WITH t AS (DELETE FROM tabs WHERE account = $1 RETURNING 1) SELECT -count(*) FROM t";
    static const char ONE[] =
        "WITH t AS (DELETE FROM tabs WHERE account = $1 AND md5(device) = md5($2) AND device = $2 RETURNING 1) SELECT -count(*) FROM t";
    struct op op;
    struct query query;
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, device == NULL ? ALL : ONE);
    query_int(&query, op.session->batch.account);
    if (device != NULL)
        query_text(&query, device);
    return op_end_in_batch(&op, query_later(&query, COUNT_TABS, COUNT_NONE));
}

int tab_put(void *self, struct hearth_call *call, const char *device, const struct hearth_tab *tab)
{
    static const char PUT[] =
        "INSERT INTO tabs (account, device, position, title, url, icon, \"group\", last_used, inactive, pinned) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (account, md5(device), position) DO UPDATE SET "
        "title = excluded.title, url = excluded.url, icon = excluded.icon, \"group\" = excluded.\"group\", "
        "last_used = excluded.last_used, inactive = excluded.inactive, pinned = excluded.pinned RETURNING (xmax = 0)::int";
    struct op op;
    struct query query;
    if (device == NULL || tab->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a tab needs a device and a URL");
    int r = op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_int(&query, op.session->batch.account);
    query_text(&query, device);
    query_int(&query, tab->position);
    query_text(&query, support_or_empty(tab->title));
    query_text(&query, tab->url);
    query_text(&query, tab->icon);
    query_text(&query, tab->group);
    query_int(&query, tab->last_used);
    query_bool(&query, tab->inactive);
    query_bool(&query, tab->pinned);
    return op_end_in_batch(&op, query_later(&query, COUNT_TABS, COUNT_NONE));
}

int device_list(void *self, struct hearth_call *call, const char *account, hearth_device_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT id, name, type, os, version, fxa_device_id, last_upload, (SELECT count(*) FROM tabs t "
                               "WHERE t.account = d.account AND md5(t.device) = md5(d.id) AND t.device = d.id) "
                               "FROM devices d WHERE account = " ACCOUNT_ROW("$1") " ORDER BY last_upload DESC, id";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    EACH_ROW(query, op, r,
             struct hearth_device device = {.struct_size = sizeof(device),
                                            .id = column_text(&query, 0),
                                            .name = column_text(&query, 1),
                                            .type = column_text(&query, 2),
                                            .os = column_text(&query, 3),
                                            .version = column_text(&query, 4),
                                            .fxa_device_id = column_text(&query, 5),
                                            .last_upload = column_int(&query, 6)};
             if (cb(ctx, &device, column_int(&query, 7)) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

int tab_list(void *self, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx)
{
#define COLUMNS                                                                                                                            \
    "SELECT device, position, title, url, icon, \"group\", last_used, inactive, pinned FROM tabs WHERE account = " ACCOUNT_ROW("$1")
    static const char ALL[] = COLUMNS " ORDER BY device, last_used DESC, position";
    static const char ONE[] = COLUMNS " AND md5(device) = md5($2) AND device = $2 ORDER BY last_used DESC, position";
#undef COLUMNS
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, device == NULL ? ALL : ONE);
    query_text(&query, account);
    if (device != NULL)
        query_text(&query, device);
    EACH_ROW(query, op, r,
             struct hearth_tab tab = {.struct_size = sizeof(tab),
                                      .position = (int32_t)column_int(&query, 1),
                                      .title = column_text(&query, 2),
                                      .url = column_text(&query, 3),
                                      .icon = column_text(&query, 4),
                                      .group = column_text(&query, 5),
                                      .last_used = column_int(&query, 6),
                                      .inactive = column_bool(&query, 7),
                                      .pinned = column_bool(&query, 8)};
             if (cb(ctx, column_text(&query, 0), &tab) != 0) break;)
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}
