/* Which devices are shown: the section of /auth/account, and what its forms do. */
#include <string.h>

#include "pages/basic.h"

void pages_account_put_devices(struct basic *basic, const json_t *answer)
{
    struct view_call *call = basic->call;
    const json_t *devices = json_object_get(answer, "devices"), *device;
    size_t i;
    pages_html_put(&call->html, "</section>\n<section id=\"devices\">\n<h2>Devices</h2>\n");
    json_array_foreach((json_t *)(uintptr_t)devices, i, device)
    {
        const char *name = pages_basic_text(device, "name");
        bool hidden = json_is_true(json_object_get(device, "hidden"));
        int64_t uploaded = json_integer_value(json_object_get(device, "last_upload"));
        pages_form_begin(call, "/auth/account/device", NULL);
        pages_html_put(&call->html, "<p><b>%s</b>%s<br>\n", name, hidden ? " (hidden)" : "");
        if (uploaded != 0)
            pages_html_put(&call->html, "<small>%s</small><br>\n",
                           pages_html_words(call, pages_says_uploaded(hearth_time_of(uploaded))));
        pages_html_put(&call->html,
                       "<button type=\"submit\" class=\"quiet\" name=\"%s\" "
                       "value=\"%s\">%s %s</button></p>\n</form>\n",
                       hidden ? "show" : "hide", pages_basic_text(device, "id"),
                       hidden ? "Show again:" : "Hide", name);
    }
    pages_html_paragraph(call, json_array_size(devices) == 0 ? pages_says_no_devices()
                                                             : pages_says_hidden_devices());
}

void pages_account_device_post(struct view_call *call)
{
    struct basic basic;
    if (!pages_basic_open_form(call, &basic))
        return;
    const char *hide = http_parameter(call->request, "hide"),
               *show = http_parameter(call->request, "show"), *device = hide != NULL ? hide : show;
    struct storage *storage = nodes_storages_get(call->storages, basic.person.node, &call->err);
    int r = storage == NULL ? call->err.code
            : device == NULL
                ? 0
                : api_hide_device(call->pages->options.api, storage, basic.person.account, device,
                                  hide != NULL, &call->err);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) /* what is gone is not shown */
        pages_html_error(call);
    else
        pages_redirect(call, "/auth/account#devices");
}
