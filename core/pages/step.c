/* One step of a sign-in, as a page. It is kept in the pending sign-in, so that it can be shown
 * again without asking anybody. */
#include <string.h>

#include "pages/internal.h"

/* A provider's words; NULL: none. */
static const char *step_words_of(struct view_call *call, const struct hearth_message *message)
{
    const char *words = message == NULL ? NULL : message_text(&call->request->arena, message);
    return words == NULL && message != NULL ? message->text : words;
}

static void render_field(struct view_call *call, const struct hearth_signin_field *field,
                         bool first)
{
    struct buf *out = &call->html;
    const char *type = field->input == HEARTH_SIGNIN_SECRET ? "password" : "text";
    const char *more =
        field->input == HEARTH_SIGNIN_SECRET ? " autocomplete=\"current-password\""
        : field->input == HEARTH_SIGNIN_CODE
            ? " autocomplete=\"one-time-code\" autocapitalize=\"off\" spellcheck=\"false\""
        : field->input == HEARTH_SIGNIN_ADDRESS
            ? " autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\""
        : strcmp(field->name, "email") == 0 ? " autocomplete=\"username\" inputmode=\"email\""
                                            : "";
    pages_html_put(out,
                   "<p><label for=\"f_%s\">%s</label><br>\n<input type=\"%s\" id=\"f_%s\" "
                   "name=\"f_%s\" class=\"%s\"",
                   field->name, step_words_of(call, field->label), type, field->name, field->name,
                   field->input == HEARTH_SIGNIN_CODE ? "code" : "wide");
    buf_add_text(out, more);
    buf_add_text(out, first ? " autofocus required>" : " required>");
    if (field->hint != NULL)
        pages_html_put(out, "<br>\n<small>%s</small>", step_words_of(call, field->hint));
    buf_add_text(out, "</p>\n");
}

static void render_fields(struct view_call *call, const struct hearth_signin_step *step)
{
    pages_form_begin(call, "/auth/step", NULL);
    for (size_t i = 0; i < step->field_count; i++)
        render_field(call, &step->fields[i], i == 0);
    pages_form_end(call, "Continue");
    for (size_t i = 0; i < step->choice_count; i++) {
        pages_form_begin(call, "/auth/step", NULL);
        pages_html_put(&call->html,
                       "<p><button type=\"submit\" class=\"quiet\" name=\"c_%s\" "
                       "value=\"1\">%s</button></p>\n</form>\n",
                       step->choices[i].name, step_words_of(call, step->choices[i].label));
    }
}

static void render_cancel(struct view_call *call)
{
    pages_form_begin(call, "/auth/cancel", NULL);
    pages_html_put(&call->html,
                   "<p><button type=\"submit\" class=\"quiet\">Cancel</button></p>\n</form>\n");
}

static void render_visit(struct view_call *call, const struct hearth_signin_step *step)
{
    if (step->returns) { /* not as a redirect of the form: see frame.c */
        pages_html_put(&call->html,
                       "<p><a class=\"button\" href=\"%s\" rel=\"noreferrer\">Continue</a></p>\n",
                       step->url);
        return;
    }
    pages_html_put(&call->html,
                   "<p><a class=\"button\" href=\"%s\" target=\"_blank\" rel=\"noreferrer "
                   "noopener\">Open the sign-in page</a></p>\n",
                   step->url);
    render_fields(call, step);
}

static void step_keep_html(struct view_call *call, struct signin_pending *pending)
{
    pages_html_close(call);
    buf_fini(&pending->page);
    pending->page = call->html;
    call->html = (struct buf){0};
}

void pages_step_render(struct view_call *call, struct signin_pending *pending,
                       const struct hearth_signin_step *step)
{
    bool leaves = step->kind == HEARTH_SIGNIN_VISIT && step->returns,
         waits = step->kind == HEARTH_SIGNIN_WAIT;
    int seconds = step->wait < 5000 ? 5 : (int)(step->wait / 1000);
    pages_html_begin(call, step_words_of(call, step->title),
                     leaves  ? 1
                     : waits ? seconds
                             : -1,
                     leaves ? step->url : NULL);
    if (step->problem != NULL)
        pages_html_problem(call, step_words_of(call, step->problem));
    if (step->text != NULL)
        pages_html_put(&call->html, "<p class=\"text\">%s</p>\n", step_words_of(call, step->text));
    if (step->kind == HEARTH_SIGNIN_VISIT)
        render_visit(call, step);
    else if (step->kind == HEARTH_SIGNIN_ASK)
        render_fields(call, step);
    else
        pages_html_paragraph(call,
                             pages_says_looks_again(hearth_duration_of((int64_t)seconds * 1000)));
    render_cancel(call);
    step_keep_html(call, pending);
}

static void put_decision(struct view_call *call, const char *name, struct hearth_sentence label,
                         struct hearth_sentence text)
{
    buf_add_text(&call->html, strcmp(name, "c_nothing") == 0
                                  ? "<p><button type=\"submit\" class=\"quiet\""
                                  : "<p><button type=\"submit\"");
    pages_html_put(&call->html, " name=\"%s\" value=\"1\">%s</button><br>\n<small>%s</small></p>\n",
                   name, pages_html_words(call, label), pages_html_words(call, text));
}

void pages_step_render_decision(struct view_call *call, struct signin_pending *pending,
                                const char *email, bool joins)
{
    pages_html_begin(
        call, pages_html_words(call, joins ? pages_says_title_joins() : pages_says_title_new_key()),
        -1, NULL);
    pages_html_paragraph(call, joins ? pages_says_joins(email) : pages_says_new_key(email));
    pages_form_begin(call, "/auth/step", NULL);
    put_decision(call, "c_keep", pages_says_label_keep(), pages_says_keep());
    put_decision(call, "c_nothing", pages_says_label_anew(), pages_says_anew());
    buf_add_text(&call->html, "</form>\n");
    render_cancel(call);
    step_keep_html(call, pending);
}
