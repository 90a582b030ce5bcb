/* Devices, their tabs, and the groups that tabs are in. */
#include "storage_kit.h"

static int on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return add_line(ctx, "%s %s %s %s %lld\n", device->id, device->name, device->type, device->os == NULL ? "-" : device->os,
                    (long long)tabs);
}

static int on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    return add_line(ctx, "%s %d %s %s%s\n", device, (int)tab->position, tab->url, tab->group == NULL ? "-" : tab->group,
                    tab->pinned ? " pinned" : "");
}

static void put_tab(struct store *store, const char *device, int32_t position, const char *url, int64_t last_used)
{
    struct hearth_tab tab = {.struct_size = sizeof(tab), .position = position, .title = "t", .url = url, .last_used = last_used};
    OK(store, tab_put, device, &tab);
}

static void put_device(struct store *store, const char *id, const char *name, int64_t last_upload)
{
    struct hearth_device device = {.struct_size = sizeof(device), .id = id, .name = name, .type = "mobile", .last_upload = last_upload};
    OK(store, device_put, &device);
}

static void expect_counts(struct store *store, int64_t devices, int64_t tabs)
{
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(store, counts, "a", &counts);
    expect_number(counts.devices, devices);
    expect_number(counts.tabs, tabs);
}

static void devices_and_tabs(struct kit *kit)
{
    struct store *store = &kit->store;
    begin(store, "a", HEARTH_TABS);
    put_device(store, "d1", "old name", 100);
    put_device(store, "d1", "phone", 100);
    put_device(store, "d2", "laptop", 200);
    put_tab(store, "d1", 0, "https://u/0", 5);
    put_tab(store, "d1", 1, "https://u/1", 9);
    put_tab(store, "d1", 2, "https://u/2", 9);
    put_tab(store, "d1", 2, "https://u/again", 9); /* (device, position) is unique: the later one stays */
    put_tab(store, "d2", 0, "https://u/3", 1);
    put_tab(store, "d9", 0, "https://u/4", 1); /* its device has not come yet */
    expect_counts(store, 2, 5);
    commit(store);
    expect_counts(store, 2, 5);
    struct lines lines = {.size = 0};
    OK(store, device_list, "a", on_device, &lines);
    expect_text(lines.text, "d2 laptop mobile - 1\nd1 phone mobile - 3\n");
    lines = (struct lines){.size = 0};
    OK(store, tab_list, "a", NULL, on_tab, &lines);
    expect_text(lines.text, "d1 1 https://u/1 -\nd1 2 https://u/again -\nd1 0 https://u/0 -\nd2 0 https://u/3 -\nd9 0 https://u/4 -\n");
    lines = (struct lines){.size = 0};
    OK(store, tab_list, "a", "d2", on_tab, &lines);
    OK(store, tab_list, "b", NULL, on_tab, &lines);
    expect_text(lines.text, "d2 0 https://u/3 -\n");
    begin(store, "a", HEARTH_TABS);
    OK(store, device_remove, "d1");
    OK(store, device_remove, "d1");
    OK(store, tabs_clear, "d9");
    commit(store);
    expect_counts(store, 1, 1);
    begin(store, "a", HEARTH_TABS);
    OK(store, tabs_clear, NULL);
    commit(store);
    expect_counts(store, 1, 0);
    assert_sound(store);
}

static int on_tab_group(void *ctx, const char *device, const struct hearth_tab_group *group)
{
    return add_line(ctx, "%s %s %s %s%s\n", device, group->id, group->name, group->color == NULL ? "-" : group->color,
                    group->collapsed ? " collapsed" : "");
}

static void put_group(struct store *store, const char *device, const char *id, const char *name, const char *color)
{
    struct hearth_tab_group group = {
        .struct_size = sizeof(group), .id = id, .name = name, .color = color, .collapsed = color != NULL && color[0] == 'b'};
    OK(store, tab_group_put, device, &group);
}

static void expect_groups(struct store *store, const char *account, const char *device, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(store, tab_group_list, account, device, on_tab_group, &lines);
    expect_text(lines.text, expected);
}

static void groups_of_tabs(struct kit *kit)
{
    struct store *store = &kit->store;
    begin(store, "a", HEARTH_TABS);
    put_device(store, "d1", "phone", 100);
    put_tab(store, "d1", 0, "https://u/0", 5);
    put_group(store, "d2", "trip", "Trip", NULL); /* its device has not come yet */
    put_group(store, "d1", "trip", "old name", "red");
    put_group(store, "d1", "trip", "Trip", "blue"); /* (device, id) is unique: the later one stays */
    put_group(store, "d1", "Trip", "", NULL);
    expect_groups(store, "a", "d1", "d1 Trip  -\nd1 trip Trip blue collapsed\n");
    commit(store);
    expect_groups(store, "a", NULL, "d1 Trip  -\nd1 trip Trip blue collapsed\nd2 trip Trip -\n");
    expect_groups(store, "a", "d2", "d2 trip Trip -\n");
    expect_groups(store, "a", "d9", "");
    expect_groups(store, "b", NULL, "");
    expect_groups(store, "nobody", NULL, "");
    expect_counts(store, 1, 1);
    begin(store, "a", HEARTH_TABS);
    OK(store, tabs_clear, "d2");
    commit(store);
    expect_groups(store, "a", NULL, "d1 Trip  -\nd1 trip Trip blue collapsed\n");
    begin(store, "a", HEARTH_TABS);
    put_group(store, "d2", "trip", "Trip", NULL);
    OK(store, device_remove, "d1");
    commit(store);
    expect_groups(store, "a", NULL, "d2 trip Trip -\n");
    begin(store, "a", HEARTH_TABS);
    OK(store, tabs_clear, NULL);
    commit(store);
    expect_groups(store, "a", NULL, "");
    assert_sound(store);
}

static int on_hidden(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return add_line(ctx, "%s %s%s\n", device->id, device->name, device->hidden ? " hidden" : "");
}

static void expect_hidden(struct store *store, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(store, device_list, account, on_hidden, &lines);
    expect_text(lines.text, expected);
}

static void hide(struct store *store, const char *device, bool hidden)
{
    begin(store, "a", HEARTH_CLIENTS);
    OK(store, device_hide, device, hidden);
    commit(store);
}

static void hidden_devices(struct kit *kit)
{
    struct store *store = &kit->store;
    FAILS(INVALID, store, device_hide, "d1", true);
    for (int i = 0; i < 2; i++) {
        begin(store, i == 0 ? "a" : "b", HEARTH_CLIENTS);
        FAILS(NOT_FOUND, store, device_hide, "d1", true);
        put_device(store, "d1", "phone", 200);
        put_device(store, "d2", "laptop", 100);
        commit(store);
    }
    hide(store, "d1", true);
    expect_hidden(store, "a", "d1 phone hidden\nd2 laptop\n");
    expect_hidden(store, "b", "d1 phone\nd2 laptop\n");
    hide(store, "d1", true); /* as it is */
    begin(store, "a", HEARTH_CLIENTS);
    struct hearth_device device = {
        .struct_size = sizeof(device), .id = "d2", .name = "new name", .type = "desktop", .last_upload = 100, .hidden = 1};
    put_device(store, "d1", "new phone", 200);
    OK(store, device_put, &device); /* what is put does not say it */
    expect_hidden(store, "a", "d1 new phone hidden\nd2 new name\n");
    OK(store, device_hide, "d2", true);
    expect_hidden(store, "a", "d1 new phone hidden\nd2 new name hidden\n");
    store->ops->batch_abort(store->session);
    expect_hidden(store, "a", "d1 phone hidden\nd2 laptop\n");
    hide(store, "d1", false);
    hide(store, "d2", true);
    expect_hidden(store, "a", "d1 phone\nd2 laptop hidden\n");
    begin(store, "a", HEARTH_CLIENTS);
    OK(store, device_remove, "d2");
    put_device(store, "d2", "another", 100);
    commit(store);
    expect_hidden(store, "a", "d1 phone\nd2 another\n");
    expect_counts(store, 2, 0);
    assert_sound(store);
}

const struct kit_test storage_devices_tests[] = {
    {"devices: tabs belong to a device and are listed by use", devices_and_tabs},
    {"devices: groups of tabs belong to a device, and go with its tabs", groups_of_tabs},
    {"devices: what a person hides stays hidden until it is shown or removed", hidden_devices},
    {NULL, NULL},
};
