/* Devices, their tabs, and the groups that tabs are in. */
#include "storage_kit.h"

static int kept_devices_on_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    return kit_lines_add(ctx, "%s %s %s %s %lld\n", device->id, device->name, device->type,
                         device->os == NULL ? "-" : device->os, (long long)tabs);
}

static int kept_devices_on_tab(void *ctx, const char *device, const struct hearth_tab *tab)
{
    return kit_lines_add(ctx, "%s %d %s %s%s\n", device, (int)tab->position, tab->url,
                         tab->group == NULL ? "-" : tab->group, tab->pinned ? " pinned" : "");
}

static void kept_devices_put_tab(struct storage *storage, const char *device, int32_t position,
                                 const char *url, int64_t last_used)
{
    struct hearth_tab tab = {.struct_size = sizeof(tab),
                             .position = position,
                             .title = "t",
                             .url = url,
                             .last_used = last_used};
    OK(storage, tab_put, device, &tab);
}

static void kept_devices_put_device(struct storage *storage, const char *id, const char *name,
                                    int64_t last_upload)
{
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = id,
                                   .name = name,
                                   .type = "mobile",
                                   .last_upload = last_upload};
    OK(storage, device_put, &device);
}

static void kept_devices_expect_counts(struct storage *storage, int64_t devices, int64_t tabs)
{
    struct hearth_counts counts = {.struct_size = sizeof(counts)};
    OK(storage, counts, "a", &counts);
    expect_number(counts.devices, devices);
    expect_number(counts.tabs, tabs);
}

static void devices_and_tabs(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_TABS);
    kept_devices_put_device(storage, "d1", "old name", 100);
    kept_devices_put_device(storage, "d1", "phone", 100);
    kept_devices_put_device(storage, "d2", "laptop", 200);
    kept_devices_put_tab(storage, "d1", 0, "https://u/0", 5);
    kept_devices_put_tab(storage, "d1", 1, "https://u/1", 9);
    kept_devices_put_tab(storage, "d1", 2, "https://u/2", 9);
    /* (device, position) is unique: the later one stays */
    kept_devices_put_tab(storage, "d1", 2, "https://u/again", 9);
    kept_devices_put_tab(storage, "d2", 0, "https://u/3", 1);
    kept_devices_put_tab(storage, "d9", 0, "https://u/4", 1); /* its device has not come yet */
    kept_devices_expect_counts(storage, 2, 5);
    kit_batch_commit(storage);
    kept_devices_expect_counts(storage, 2, 5);
    struct lines lines = {.size = 0};
    OK(storage, device_list, "a", kept_devices_on_device, &lines);
    expect_text(lines.text, "d2 laptop mobile - 1\nd1 phone mobile - 3\n");
    lines = (struct lines){.size = 0};
    OK(storage, tab_list, "a", NULL, kept_devices_on_tab, &lines);
    expect_text(lines.text, "d1 1 https://u/1 -\nd1 2 https://u/again -\nd1 0 https://u/0 -\nd2 0 "
                            "https://u/3 -\nd9 0 https://u/4 -\n");
    lines = (struct lines){.size = 0};
    OK(storage, tab_list, "a", "d2", kept_devices_on_tab, &lines);
    OK(storage, tab_list, "b", NULL, kept_devices_on_tab, &lines);
    expect_text(lines.text, "d2 0 https://u/3 -\n");
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, device_remove, "d1");
    OK(storage, device_remove, "d1");
    OK(storage, tabs_clear, "d9");
    kit_batch_commit(storage);
    kept_devices_expect_counts(storage, 1, 1);
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tabs_clear, NULL);
    kit_batch_commit(storage);
    kept_devices_expect_counts(storage, 1, 0);
    kit_expect_sound(storage);
}

static int kept_devices_on_tab_group(void *ctx, const char *device,
                                     const struct hearth_tab_group *group)
{
    return kit_lines_add(ctx, "%s %s %s %s%s\n", device, group->id, group->name,
                         group->color == NULL ? "-" : group->color,
                         group->collapsed ? " collapsed" : "");
}

static void kept_devices_put_group(struct storage *storage, const char *device, const char *id,
                                   const char *name, const char *color)
{
    struct hearth_tab_group group = {.struct_size = sizeof(group),
                                     .id = id,
                                     .name = name,
                                     .color = color,
                                     .collapsed = color != NULL && color[0] == 'b'};
    OK(storage, tab_group_put, device, &group);
}

static void expect_groups(struct storage *storage, const char *account, const char *device,
                          const char *expected)
{
    struct lines lines = {.size = 0};
    OK(storage, tab_group_list, account, device, kept_devices_on_tab_group, &lines);
    expect_text(lines.text, expected);
}

static void groups_of_tabs(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    kit_batch_begin(storage, "a", HEARTH_TABS);
    kept_devices_put_device(storage, "d1", "phone", 100);
    kept_devices_put_tab(storage, "d1", 0, "https://u/0", 5);
    kept_devices_put_group(storage, "d2", "trip", "Trip", NULL); /* its device has not come yet */
    kept_devices_put_group(storage, "d1", "trip", "old name", "red");
    /* (device, id) is unique: the later one stays */
    kept_devices_put_group(storage, "d1", "trip", "Trip", "blue");
    kept_devices_put_group(storage, "d1", "Trip", "", NULL);
    expect_groups(storage, "a", "d1", "d1 Trip  -\nd1 trip Trip blue collapsed\n");
    kit_batch_commit(storage);
    expect_groups(storage, "a", NULL, "d1 Trip  -\nd1 trip Trip blue collapsed\nd2 trip Trip -\n");
    expect_groups(storage, "a", "d2", "d2 trip Trip -\n");
    expect_groups(storage, "a", "d9", "");
    expect_groups(storage, "b", NULL, "");
    expect_groups(storage, "nobody", NULL, "");
    kept_devices_expect_counts(storage, 1, 1);
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tabs_clear, "d2");
    kit_batch_commit(storage);
    expect_groups(storage, "a", NULL, "d1 Trip  -\nd1 trip Trip blue collapsed\n");
    kit_batch_begin(storage, "a", HEARTH_TABS);
    kept_devices_put_group(storage, "d2", "trip", "Trip", NULL);
    OK(storage, device_remove, "d1");
    kit_batch_commit(storage);
    expect_groups(storage, "a", NULL, "d2 trip Trip -\n");
    kit_batch_begin(storage, "a", HEARTH_TABS);
    OK(storage, tabs_clear, NULL);
    kit_batch_commit(storage);
    expect_groups(storage, "a", NULL, "");
    kit_expect_sound(storage);
}

static int kept_devices_on_hidden(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    (void)tabs;
    return kit_lines_add(ctx, "%s %s%s\n", device->id, device->name,
                         device->hidden ? " hidden" : "");
}

static void expect_hidden(struct storage *storage, const char *account, const char *expected)
{
    struct lines lines = {.size = 0};
    OK(storage, device_list, account, kept_devices_on_hidden, &lines);
    expect_text(lines.text, expected);
}

static void kept_devices_hide(struct storage *storage, const char *device, bool hidden)
{
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    OK(storage, device_hide, device, hidden);
    kit_batch_commit(storage);
}

static void hidden_devices(struct kit *kit)
{
    struct storage *storage = &kit->storage;
    FAILS(INVALID, storage, device_hide, "d1", true);
    for (int i = 0; i < 2; i++) {
        kit_batch_begin(storage, i == 0 ? "a" : "b", HEARTH_CLIENTS);
        FAILS(NOT_FOUND, storage, device_hide, "d1", true);
        kept_devices_put_device(storage, "d1", "phone", 200);
        kept_devices_put_device(storage, "d2", "laptop", 100);
        kit_batch_commit(storage);
    }
    kept_devices_hide(storage, "d1", true);
    expect_hidden(storage, "a", "d1 phone hidden\nd2 laptop\n");
    expect_hidden(storage, "b", "d1 phone\nd2 laptop\n");
    kept_devices_hide(storage, "d1", true); /* as it is */
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    struct hearth_device device = {.struct_size = sizeof(device),
                                   .id = "d2",
                                   .name = "new name",
                                   .type = "desktop",
                                   .last_upload = 100,
                                   .hidden = 1};
    kept_devices_put_device(storage, "d1", "new phone", 200);
    OK(storage, device_put, &device); /* what is put does not say it */
    expect_hidden(storage, "a", "d1 new phone hidden\nd2 new name\n");
    OK(storage, device_hide, "d2", true);
    expect_hidden(storage, "a", "d1 new phone hidden\nd2 new name hidden\n");
    storage->ops->batch_abort(storage->handle);
    expect_hidden(storage, "a", "d1 phone hidden\nd2 laptop\n");
    kept_devices_hide(storage, "d1", false);
    kept_devices_hide(storage, "d2", true);
    expect_hidden(storage, "a", "d1 phone\nd2 laptop hidden\n");
    kit_batch_begin(storage, "a", HEARTH_CLIENTS);
    OK(storage, device_remove, "d2");
    kept_devices_put_device(storage, "d2", "another", 100);
    kit_batch_commit(storage);
    expect_hidden(storage, "a", "d1 phone\nd2 another\n");
    kept_devices_expect_counts(storage, 2, 0);
    kit_expect_sound(storage);
}

const struct kit_test kit_storage_devices_tests[] = {
    {"devices: tabs belong to a device and are listed by use", devices_and_tabs},
    {"devices: groups of tabs belong to a device, and go with its tabs", groups_of_tabs},
    {"devices: what a person hides stays hidden until it is shown or removed", hidden_devices},
    {NULL, NULL},
};
