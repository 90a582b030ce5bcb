#include "base/message.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

static void message_put_string(struct buf *out, const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);
    if (size > MESSAGE_WORDS_MAX)
        for (size = MESSAGE_WORDS_MAX; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
            size--;
    buf_add_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
    }
    buf_add_char(out, '"');
}

static void message_put_parameters(struct buf *out, const struct hearth_message *message)
{
    buf_add_char(out, '{');
    for (size_t i = 0; i < message->parameter_count; i++) {
        const struct hearth_message_parameter *parameter = HEARTH_AT(message->parameters, i);
        buf_printf(out, "%s\"%s\":", i == 0 ? "" : ",", parameter->name);
        if (parameter->kind == HEARTH_PARAMETER_TEXT || parameter->kind == HEARTH_PARAMETER_WORD)
            message_put_string(out, parameter->text);
        else
            buf_printf(out, "%lld", (long long)parameter->number);
    }
    buf_add_char(out, '}');
}

void message_put_json(struct buf *out, const struct hearth_message *message)
{
    if (message == NULL || message->id == NULL || message->id[0] == '\0') {
        buf_add_text(out, "null");
        return;
    }
    buf_printf(out, "{\"id\":\"%s\",\"parameters\":", message->id);
    message_put_parameters(out, message);
    buf_add_char(out, '}');
}

void message_keep(struct message_kept *ret_kept, const struct hearth_message *message)
{
    struct buf json = {0};
    *ret_kept = (struct message_kept){0};
    if (message == NULL)
        return;
    hearth_message_render(message, ret_kept->text, sizeof(ret_kept->text));
    if (message->id == NULL || message->id[0] == '\0')
        return;
    message_put_parameters(&json, message);
    if (!buf_failed(&json) && json.size < sizeof(ret_kept->parameters)) {
        /* half of them would be a lie */
        str_copy(ret_kept->id, sizeof(ret_kept->id), message->id);
        str_copy(ret_kept->parameters, sizeof(ret_kept->parameters), json.data);
    }
    buf_fini(&json);
}

void message_keep_sentence(struct message_kept *ret_kept, struct hearth_sentence sentence)
{
    struct hearth_message message = hearth_sentence_message(&sentence);
    message_keep(ret_kept, &message);
}

void message_put_account(const struct message_kept *kept, struct hearth_account *account)
{
    account->state_detail = kept->text[0] != '\0' ? kept->text : NULL;
    account->state_message = kept->id[0] != '\0' ? kept->id : NULL;
    account->state_parameters = kept->id[0] != '\0' ? kept->parameters : NULL;
}

void message_put_account_sentence(struct message_kept *ret_kept, struct hearth_sentence sentence,
                                  struct hearth_account *account)
{
    message_keep_sentence(ret_kept, sentence);
    message_put_account(ret_kept, account);
}

char *message_text(struct arena *arena, const struct hearth_message *message)
{
    char text[HEARTH_MESSAGE_TEXT_MAX];
    hearth_message_render(message, text, sizeof(text));
    return arena_strdup(arena, text);
}

char *message_sentence_text(struct arena *arena, struct hearth_sentence sentence)
{
    struct hearth_message message = hearth_sentence_message(&sentence);
    return message_text(arena, &message);
}

/* --- what a plugin said --- */

/* What every release of the epoch fills. */
enum {
    PARAMETER_MIN = offsetof(struct hearth_message_parameter, number) + sizeof(int64_t),
    MESSAGE_MIN = offsetof(struct hearth_message, parameter_count) + sizeof(size_t)
};

static bool message_is_word(const char *text, size_t most, const char *letters)
{
    size_t size = text == NULL ? 0 : strlen(text);
    return size > 0 && size <= most && strspn(text, letters) == size;
}

static const char *message_parameter_fault(const struct hearth_message_parameter *parameter)
{
    bool words =
        parameter->kind == HEARTH_PARAMETER_TEXT || parameter->kind == HEARTH_PARAMETER_WORD;
    if (parameter->struct_size < PARAMETER_MIN || parameter->struct_size % sizeof(void *) != 0)
        return "has a parameter of an unknown size";
    if (!message_is_word(parameter->name, 32, "abcdefghijklmnopqrstuvwxyz_"))
        return "has a parameter whose name is not [a-z_]+ of at most 32 letters";
    if (parameter->kind < HEARTH_PARAMETER_TEXT || parameter->kind > HEARTH_PARAMETER_TIME)
        return "has a parameter of an unknown kind";
    if (words &&
        (parameter->text == NULL || !str_is_utf8(parameter->text, strlen(parameter->text))))
        return "has a parameter whose text is missing or not UTF-8";
    return NULL;
}

static const char *message_fault(const struct hearth_message *message)
{
    if (message->struct_size < MESSAGE_MIN)
        return "has an unknown size";
    if (message->text == NULL || !str_is_utf8(message->text, strlen(message->text)))
        return "has no text, or one that is not UTF-8";
    if (message->id != NULL && message->id[0] != '\0' &&
        !message_is_word(message->id, HEARTH_MESSAGE_ID_MAX,
                         "abcdefghijklmnopqrstuvwxyz0123456789_.-"))
        return "has an id that is not [a-z0-9_.-]+ of at most 64 letters";
    if (message->parameter_count > HEARTH_MESSAGE_PARAMETERS ||
        (message->parameter_count > 0 && message->parameters == NULL))
        return "has too many parameters, or some that are not there";
    return NULL;
}

int message_take(struct arena *arena, const struct hearth_message *theirs,
                 const struct hearth_message **ret_message, struct err *err)
{
    if (theirs == NULL) {
        *ret_message = NULL;
        return 0;
    }
    const char *fault = message_fault(theirs);
    if (fault != NULL)
        return err_set(err, HEARTH_ERR_INVALID, "a message %s", fault);
    struct hearth_message *mine = arena_alloc(arena, sizeof(*mine));
    struct hearth_message_parameter *copies =
        arena_alloc(arena, (theirs->parameter_count + 1) * sizeof(*copies));
    if (mine == NULL || copies == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < theirs->parameter_count; i++) {
        const struct hearth_message_parameter *parameter = HEARTH_AT(theirs->parameters, i);
        fault = message_parameter_fault(parameter);
        if (fault != NULL)
            return err_set(err, HEARTH_ERR_INVALID, "the message \"%.64s\" %s",
                           theirs->id == NULL ? "" : theirs->id, fault);
        copies[i] = (struct hearth_message_parameter){.struct_size = sizeof(copies[i]),
                                                      .kind = parameter->kind,
                                                      .name = parameter->name,
                                                      .text = parameter->text,
                                                      .number = parameter->number};
    }
    *mine = (struct hearth_message){.struct_size = sizeof(*mine),
                                    .id = theirs->id == NULL ? "" : theirs->id,
                                    .text = theirs->text,
                                    .parameters = copies,
                                    .parameter_count = theirs->parameter_count};
    *ret_message = mine;
    return 0;
}
