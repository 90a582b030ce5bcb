/* One step of a sign-in, as a page. It is kept in the attempt, so that it can be shown again without asking anybody. */
#include <string.h>

#include "pages/internal.h"

static void render_field(struct buf *out, const struct hearth_signin_field *field, bool first)
{
    const char *type = field->input == HEARTH_SIGNIN_SECRET ? "password" : "text";
    const char *more = field->input == HEARTH_SIGNIN_SECRET ? " autocomplete=\"current-password\""
                       : field->input == HEARTH_SIGNIN_CODE ? " autocomplete=\"one-time-code\" autocapitalize=\"off\" spellcheck=\"false\""
                       : field->input == HEARTH_SIGNIN_ADDRESS ? " autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\""
                       : strcmp(field->name, "email") == 0     ? " autocomplete=\"username\" inputmode=\"email\""
                                                               : "";
    html_put(out, "<p><label for=\"f_%s\">%s</label><br>\n<input type=\"%s\" id=\"f_%s\" name=\"f_%s\" class=\"%s\"", field->name,
             field->label, type, field->name, field->name, field->input == HEARTH_SIGNIN_CODE ? "code" : "wide");
    buf_add_text(out, more);
    buf_add_text(out, first ? " autofocus required>" : " required>");
    if (field->hint != NULL)
        html_put(out, "<br>\n<small>%s</small>", field->hint);
    buf_add_text(out, "</p>\n");
}

static void render_fields(struct page_call *call, const struct hearth_signin_step *step)
{
    form_begin(call, "/auth/step", NULL);
    for (size_t i = 0; i < step->field_count; i++)
        render_field(&call->html, &step->fields[i], i == 0);
    form_end(call, "Continue");
    for (size_t i = 0; i < step->choice_count; i++) {
        form_begin(call, "/auth/step", NULL);
        html_put(&call->html, "<p><button type=\"submit\" class=\"quiet\" name=\"c_%s\" value=\"1\">%s</button></p>\n</form>\n",
                 step->choices[i].name, step->choices[i].label);
    }
}

static void render_cancel(struct page_call *call)
{
    form_begin(call, "/auth/cancel", NULL);
    html_put(&call->html, "<p><button type=\"submit\" class=\"quiet\">Cancel</button></p>\n</form>\n");
}

static void render_visit(struct page_call *call, const struct hearth_signin_step *step)
{
    if (step->returns) { /* not as a redirect of the form: see frame.c */
        html_put(&call->html, "<p><a class=\"button\" href=\"%s\" rel=\"noreferrer\">Continue</a></p>\n", step->url);
        return;
    }
    html_put(&call->html,
             "<p><a class=\"button\" href=\"%s\" target=\"_blank\" rel=\"noreferrer noopener\">Open the sign-in page</a></p>\n", step->url);
    render_fields(call, step);
}

static void keep(struct page_call *call, struct attempt *attempt)
{
    page_close(call);
    buf_fini(&attempt->page);
    attempt->page = call->html;
    call->html = (struct buf){0};
}

void step_render(struct page_call *call, struct attempt *attempt, const struct hearth_signin_step *step)
{
    bool leaves = step->kind == HEARTH_SIGNIN_VISIT && step->returns, waits = step->kind == HEARTH_SIGNIN_WAIT;
    int seconds = step->wait < 5000 ? 5 : (int)(step->wait / 1000);
    page_begin(call, step->title, leaves ? 1 : waits ? seconds : -1, leaves ? step->url : NULL);
    if (step->problem != NULL)
        html_put(&call->html, "<p class=\"problem\" role=\"alert\">%s</p>\n", step->problem);
    if (step->text != NULL)
        html_put(&call->html, "<p class=\"text\">%s</p>\n", step->text);
    if (step->kind == HEARTH_SIGNIN_VISIT)
        render_visit(call, step);
    else if (step->kind == HEARTH_SIGNIN_ASK)
        render_fields(call, step);
    else
        html_put(&call->html, "<p>This page looks again by itself every %lld seconds.</p>\n", (long long)seconds);
    render_cancel(call);
    keep(call, attempt);
}

void step_render_decision(struct page_call *call, struct attempt *attempt, const char *email, bool joins)
{
    page_begin(call, joins ? "Your sign-in joins an account" : "Your account has a new key", -1, NULL);
    html_put(&call->html, "<p>");
    if (joins)
        html_put(&call->html,
                 "There are data here of %s that another sign-in brought. Whoever runs this server has said that they are yours, too. "
                 "Browsers, API tokens, links and other sign-ins that opened this account until now end with it.",
                 email);
    else
        html_put(&call->html,
                 "The password of %s was reset, so your Firefox data are now encrypted with another key, and the Sync service has begun "
                 "anew. What Hearth has read before is still here.",
                 email);
    html_put(&call->html, "</p>\n");
    form_begin(call, "/auth/step", NULL);
    html_put(&call->html,
             "<p><button type=\"submit\" name=\"c_keep\" value=\"1\">Keep what is here</button><br>\n<small>History stays. Bookmarks and "
             "tabs are replaced as soon as a Firefox has synced to the account again.</small></p>\n"
             "<p><button type=\"submit\" class=\"quiet\" name=\"c_nothing\" value=\"1\">Delete it and begin anew</button><br>\n<small>All "
             "history, settings and API tokens of this account here are deleted.</small></p>\n</form>\n");
    render_cancel(call);
    keep(call, attempt);
}
