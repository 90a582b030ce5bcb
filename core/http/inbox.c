/* Messages from any thread to a loop, which receives each on its own thread. */
#include "http/internal.h"

static void inbox_receive(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, inbox, receiver);
    while (!h2o_linklist_is_empty(messages)) {
        struct message *message =
            H2O_STRUCT_FROM_MEMBER(struct message, super.link, messages->next);
        h2o_linklist_unlink(&message->super.link);
        message->receive(loop, message);
    }
}

void http_inbox_open(struct loop *loop)
{
    h2o_multithread_register_receiver(loop->ctx.queue, &loop->inbox, inbox_receive);
}

void http_inbox_close(struct loop *loop)
{
    h2o_multithread_unregister_receiver(loop->ctx.queue, &loop->inbox);
}

void http_inbox_send(struct loop *loop, struct message *message)
{
    h2o_multithread_send_message(&loop->inbox, &message->super);
}
