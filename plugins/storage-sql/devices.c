/* Devices, their open tabs, and the groups that tabs are in. */
#include "driver.h"
#include "storage-sql/operations.h"
#include "storage-sql/removals.h"

/* --- in a batch --- */

int sql_device_put(void *self, struct hearth_call *call, const struct hearth_device *device)
{
    static const char *const PUT[] = {PUT_ROW(
        "devices", SQL_NAMES(HEARTH_DEVICE_FIELDS), SQL_VALUES("?2", device, HEARTH_DEVICE_FIELDS),
        KEY_TEXT("id"), SQL_EXCLUDED(device, HEARTH_DEVICE_FIELDS))};
    struct op op;
    struct query query;
    bool done = false;
    if (device->id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a device needs an id");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && !done && i < sizeof(PUT) / sizeof(PUT[0]); i++) {
        sql_query_open(&query, op.handle, PUT[i]);
        sql_query_batch(&query);
        sql_bind_device(&query, device);
        r = sql_query_put(&query, i == 0 ? COUNT_DEVICES : COUNT_NONE, &done);
    }
    if (r == 0)
        r = sql_removal_take_off(
            op.handle, &(struct hearth_removal){.kind = HEARTH_REMOVAL_DEVICE, .key = device->id});
    return sql_op_end_in_batch(&op, r);
}

static int device_rows_remove(struct handle *handle, const char *sql, const char *device,
                              enum counter counter)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    sql_query_batch(&query);
    if (device != NULL)
        sql_query_text(&query, device);
    return sql_query_later(&query, counter, -1);
}

/* With their groups. Of a device, or, when it is NULL, of all. */
static int device_tabs_remove(struct handle *handle, const char *device)
{
    static const char ALL[] = "DELETE FROM tabs" WHERE_BATCH;
    static const char ONE[] = "DELETE FROM tabs WHERE " OF_BATCH SAME_TEXT("device", "?2");
    static const char ALL_GROUPS[] = "DELETE FROM tab_groups" WHERE_BATCH;
    static const char ONE_GROUPS[] =
        "DELETE FROM tab_groups WHERE " OF_BATCH SAME_TEXT("device", "?2");
    int r = sql_removal_of_tabs(handle, device);
    if (r == 0)
        r = device_rows_remove(handle, device == NULL ? ALL : ONE, device, COUNT_TABS);
    return r < 0 ? r
                 : device_rows_remove(handle, device == NULL ? ALL_GROUPS : ONE_GROUPS, device,
                                      COUNT_NONE);
}

int sql_device_remove(void *self, struct hearth_call *call, const char *device)
{
    static const char REMOVE[] = "DELETE FROM devices WHERE " OF_BATCH SAME_TEXT("id", "?2");
    struct op op;
    struct query query;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    r = device_tabs_remove(op.handle, device);
    if (r == 0)
        r = sql_removal_of_device(op.handle, device);
    if (r == 0) {
        sql_query_open(&query, op.handle, REMOVE);
        sql_query_batch(&query);
        sql_query_text(&query, device);
        r = sql_query_later(&query, COUNT_DEVICES, -1);
    }
    return sql_op_end_in_batch(&op, r);
}

int sql_tabs_clear(void *self, struct hearth_call *call, const char *device)
{
    struct op op;
    int r = sql_op_begin_in_batch(&op, self, call);
    return r < 0 ? r : sql_op_end_in_batch(&op, device_tabs_remove(op.handle, device));
}

int sql_tab_put(void *self, struct hearth_call *call, const char *device,
                const struct hearth_tab *tab)
{
    static const char *const PUT[] = {PUT_ROW("tabs", "device, " SQL_NAMES(HEARTH_TAB_FIELDS),
                                              "?2, " SQL_VALUES("?3", tab, HEARTH_TAB_FIELDS),
                                              KEY_TEXT("device") ", position",
                                              SQL_EXCLUDED(tab, HEARTH_TAB_FIELDS))};
    struct op op;
    struct query query;
    bool done = false;
    if (device == NULL || tab->url == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a tab needs a device and a URL");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && !done && i < sizeof(PUT) / sizeof(PUT[0]); i++) {
        sql_query_open(&query, op.handle, PUT[i]);
        sql_query_batch(&query);
        sql_query_text(&query, device);
        sql_bind_tab(&query, tab);
        r = sql_query_put(&query, i == 0 ? COUNT_TABS : COUNT_NONE, &done);
    }
    if (r == 0)
        r = sql_removal_take_off(op.handle, &(struct hearth_removal){.kind = HEARTH_REMOVAL_TAB,
                                                                     .key = device,
                                                                     .position = tab->position});
    return sql_op_end_in_batch(&op, r);
}

int sql_tab_group_put(void *self, struct hearth_call *call, const char *device,
                      const struct hearth_tab_group *group)
{
    static const char *const PUT[] = {PUT_ROW(
        "tab_groups", "device, " SQL_NAMES(HEARTH_TAB_GROUP_FIELDS),
        "?2, " SQL_VALUES("?3", tab_group, HEARTH_TAB_GROUP_FIELDS),
        KEY_TEXT("device") ", " KEY_TEXT("id"), SQL_EXCLUDED(tab_group, HEARTH_TAB_GROUP_FIELDS))};
    struct op op;
    struct query query;
    bool done = false;
    if (device == NULL || group->id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a group of tabs needs a device and an id");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && !done && i < sizeof(PUT) / sizeof(PUT[0]); i++) {
        sql_query_open(&query, op.handle, PUT[i]);
        sql_query_batch(&query);
        sql_query_text(&query, device);
        sql_bind_tab_group(&query, group);
        r = sql_query_put(&query, COUNT_NONE, &done);
    }
    return sql_op_end_in_batch(&op, r);
}

int sql_device_hide(void *self, struct hearth_call *call, const char *device, bool hidden)
{
    static const char HIDE[] =
        "UPDATE devices SET hidden = " VALUE_FLAG("?3") " WHERE " OF_BATCH SAME_TEXT("id", "?2");
    struct op op;
    struct query query;
    int64_t found = 0;
    if (device == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no device is named");
    int r = sql_op_begin_in_batch(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, HIDE);
    sql_query_batch(&query);
    sql_query_text(&query, device);
    sql_query_flag(&query, hidden);
    r = sql_query_run(&query, &found);
    if (r == 0 && found == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such device");
    return sql_op_end_in_batch(&op, r);
}

/* --- reading --- */

int sql_device_list(void *self, struct hearth_call *call, const char *account, hearth_device_cb cb,
                    void *ctx)
{
    static const char LIST[] = "SELECT " SQL_COLUMNS(
        d, HEARTH_DEVICE_FIELDS) ", (SELECT count(*) FROM tabs t WHERE " SAME_ACCOUNT("t", "d")
        SAME_TEXT("t.device", "d.id") "), d.hidden FROM devices d" WHERE_ACCOUNT
                                      " ORDER BY d.last_upload DESC, d.id";
    struct op op;
    struct query query;
    struct hearth_device device;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, LIST);
    sql_query_account(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        int tabs = sql_read_device(&query, 0, &device);
        device.hidden = sql_column_flag(&query, tabs + 1);
        if (cb(ctx, &device, sql_column_int(&query, tabs)) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

int sql_tab_list(void *self, struct hearth_call *call, const char *account, const char *device,
                 hearth_tab_cb cb, void *ctx)
{
#define COLUMNS "SELECT t.device, " SQL_COLUMNS(t, HEARTH_TAB_FIELDS) " FROM tabs t"
    static const char ALL[] =
        COLUMNS WHERE_ACCOUNT " ORDER BY t.device, t.last_used DESC, t.position";
    static const char ONE[] = COLUMNS " WHERE " OF_ACCOUNT("t.")
        SAME_TEXT("t.device", "?2") " ORDER BY t.last_used DESC, t.position";
#undef COLUMNS
    struct op op;
    struct query query;
    struct hearth_tab tab;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, device == NULL ? ALL : ONE);
    sql_query_account(&query, account);
    if (device != NULL)
        sql_query_text(&query, device);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_tab(&query, 1, &tab);
        if (cb(ctx, sql_column_text(&query, 0), &tab) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

int sql_tab_group_list(void *self, struct hearth_call *call, const char *account,
                       const char *device, hearth_tab_group_cb cb, void *ctx)
{
#define COLUMNS "SELECT g.device, " SQL_COLUMNS(g, HEARTH_TAB_GROUP_FIELDS) " FROM tab_groups g"
    static const char ALL[] = COLUMNS WHERE_ACCOUNT " ORDER BY g.device, g.id";
    static const char ONE[] =
        COLUMNS " WHERE " OF_ACCOUNT("g.") SAME_TEXT("g.device", "?2") " ORDER BY g.id";
#undef COLUMNS
    struct op op;
    struct query query;
    struct hearth_tab_group group;
    int r = sql_op_begin_account(&op, self, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, op.handle, device == NULL ? ALL : ONE);
    sql_query_account(&query, account);
    if (device != NULL)
        sql_query_text(&query, device);
    while ((r = sql_query_step(&query)) > 0) {
        sql_read_tab_group(&query, 1, &group);
        if (cb(ctx, sql_column_text(&query, 0), &group) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}
