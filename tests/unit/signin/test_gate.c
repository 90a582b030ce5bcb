#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "base/lock.h"
#include "signin/gate.h"

enum { LONG = 60000 };

/* Somebody who may have to wait, on a thread of their own. */
struct guest {
    struct gate *gate;
    const char *address, *email;
    struct gate_visit visit;
    enum gate_state state;
    atomic_bool answered, stop;
    pthread_t thread;
};

static void *guest_main(void *arg)
{
    struct guest *guest = arg;
    guest->state =
        signin_gate_enter(guest->gate, guest->address, guest->email, &guest->stop, &guest->visit);
    atomic_store(&guest->answered, true);
    return NULL;
}

static void breathe(void)
{
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static int waiting(struct gate *gate)
{
    lock_take(&gate->lock);
    int count = gate->line_count;
    lock_release(&gate->lock);
    return count;
}

/* Until it stands in line. */
static void send(struct gate *gate, struct guest *guest, const char *address, const char *email)
{
    int before = waiting(gate);
    *guest = (struct guest){.gate = gate, .address = address, .email = email};
    pthread_create(&guest->thread, NULL, guest_main, guest);
    while (waiting(gate) == before)
        breathe();
}

static enum gate_state ask(struct guest *guest)
{
    pthread_join(guest->thread, NULL);
    return guest->state;
}

static enum gate_state come(struct gate *gate, const char *address, const char *email,
                            struct gate_visit *visit)
{
    return signin_gate_enter(gate, address, email, NULL, visit);
}

/* However many come from a network, and with however many addresses of e-mail: one place is left
 * to others. */
static void test_one_network(void **state)
{
    (void)state;
    static const char *const addresses[] = {"2001:db8:1::1", "2001:db8:1:ff::1",
                                            "2001:db8:1:8000::1", "2001:db8:1:1::1"};
    static const char *const emails[] = {"a@example.org", "b@example.org", "c@example.org", NULL};
    struct gate gate;
    struct gate_visit visits[4], other;
    signin_gate_init(&gate, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(come(&gate, addresses[i], emails[i], &visits[i]), GATE_INSIDE);
    assert_int_equal(come(&gate, addresses[3], emails[3], &visits[3]), GATE_FULL);
    assert_int_equal(come(&gate, "192.0.2.7", "ada@example.org", &other), GATE_INSIDE);
    signin_gate_leave(&gate, &visits[0]);
    signin_gate_leave(&gate, &other);
    assert_int_equal(come(&gate, addresses[3], emails[3], &visits[3]), GATE_INSIDE);
    signin_gate_leave(&gate, &visits[1]);
    signin_gate_leave(&gate, &visits[2]);
    signin_gate_leave(&gate, &visits[3]);
    signin_gate_fini(&gate);
}

/* The same with one address of e-mail from many networks; from one network it is told that it is
 * under way. */
static void test_one_person(void **state)
{
    (void)state;
    static const char *const addresses[] = {"192.0.2.1", "198.51.100.1", "203.0.113.1", "10.0.0.1"};
    struct gate gate;
    struct gate_visit visits[4], other;
    signin_gate_init(&gate, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(come(&gate, addresses[i], "eve@example.org", &visits[i]),
                         i < 3 ? GATE_INSIDE : GATE_FULL);
    assert_int_equal(come(&gate, "192.0.2.250", "Eve@example.org", &other), GATE_BUSY);
    assert_int_equal(come(&gate, "10.0.0.1", "ada@example.org", &other), GATE_INSIDE);
    signin_gate_leave(&gate, &other);
    for (int i = 0; i < 3; i++)
        signin_gate_leave(&gate, &visits[i]);
    signin_gate_fini(&gate);
}

/* Who has nobody inside goes before who came first. */
static void test_turns(void **state)
{
    (void)state;
    struct gate gate;
    struct gate_visit inside[4];
    struct guest second, third, ada;
    signin_gate_init(&gate, LONG);
    for (int i = 0; i < 3; i++)
        assert_int_equal(come(&gate, "192.0.2.1", NULL, &inside[i]), GATE_INSIDE);
    assert_int_equal(come(&gate, "198.51.100.1", NULL, &inside[3]), GATE_INSIDE);
    send(&gate, &second, "192.0.2.2", "second@example.org");
    send(&gate, &third, "192.0.2.3", "third@example.org");
    send(&gate, &ada, "203.0.113.1", "ada@example.org");
    signin_gate_leave(&gate, &inside[3]);
    assert_int_equal(ask(&ada), GATE_INSIDE);
    signin_gate_leave(&gate, &inside[0]);
    assert_int_equal(waiting(&gate), 2); /* the last place is for others */
    signin_gate_leave(&gate, &ada.visit);
    assert_int_equal(ask(&second), GATE_INSIDE);
    assert_int_equal(waiting(&gate), 1);
    signin_gate_leave(&gate, &second.visit);
    assert_int_equal(ask(&third), GATE_INSIDE);
    signin_gate_leave(&gate, &third.visit);
    signin_gate_leave(&gate, &inside[1]);
    signin_gate_leave(&gate, &inside[2]);
    signin_gate_fini(&gate);
}

/* The networks take turns: who was let in comes after those who were not since. */
static void test_round_robin(void **state)
{
    (void)state;
    static const char *const addresses[] = {"192.0.2.1", "198.51.100.1", "203.0.113.1", "10.0.0.1"};
    struct gate gate;
    struct gate_visit inside[4];
    struct guest again[4], ada;
    signin_gate_init(&gate, LONG);
    for (int i = 0; i < 4; i++)
        assert_int_equal(come(&gate, addresses[i], NULL, &inside[i]), GATE_INSIDE);
    for (int i = 0; i < 4; i++)
        send(&gate, &again[i], addresses[i], NULL);
    send(&gate, &ada, "10.9.9.9", "ada@example.org");
    signin_gate_leave(&gate, &inside[0]); /* whose next one came before Ada */
    assert_int_equal(ask(&ada), GATE_INSIDE);
    assert_int_equal(waiting(&gate), 4);
    signin_gate_leave(&gate, &ada.visit);
    assert_int_equal(ask(&again[0]), GATE_INSIDE);
    for (int i = 1; i < 4; i++) {
        signin_gate_leave(&gate, &inside[i]);
        assert_int_equal(ask(&again[i]), GATE_INSIDE);
    }
    for (int i = 0; i < 4; i++)
        signin_gate_leave(&gate, &again[i].visit);
    signin_gate_fini(&gate);
}

/* The line is bounded; a network that fills it makes room for others, and not they for it. */
static void test_line(void **state)
{
    (void)state;
    struct gate gate;
    struct gate_visit inside[4], late;
    struct guest crowd[GATE_LINE], ada, eve;
    signin_gate_init(&gate, LONG);
    for (int i = 0; i < 3; i++)
        assert_int_equal(come(&gate, "192.0.2.1", NULL, &inside[i]), GATE_INSIDE);
    assert_int_equal(come(&gate, "198.51.100.1", NULL, &inside[3]), GATE_INSIDE);
    for (int i = 0; i < GATE_LINE; i++)
        send(&gate, &crowd[i], "192.0.2.2", NULL);
    ada = (struct guest){.gate = &gate, .address = "203.0.113.1", .email = "ada@example.org"};
    pthread_create(&ada.thread, NULL, guest_main, &ada);
    assert_int_equal(ask(&crowd[GATE_LINE - 1]), GATE_FULL);
    assert_int_equal(waiting(&gate), GATE_LINE);
    /* nobody is fewer than it would be */
    assert_int_equal(come(&gate, "192.0.2.2", NULL, &late), GATE_FULL);
    assert_int_equal(waiting(&gate), GATE_LINE);
    assert_false(atomic_load(&ada.answered));
    signin_gate_leave(&gate, &inside[3]);
    assert_int_equal(ask(&ada), GATE_INSIDE);
    send(&gate, &eve, "198.51.100.1", NULL);
    for (int i = 0; i < GATE_LINE - 1; i++)
        atomic_store(&crowd[i].stop, true);
    for (int i = 0; i < GATE_LINE - 1; i++)
        assert_int_equal(ask(&crowd[i]), GATE_STOPPED);
    signin_gate_leave(&gate, &ada.visit);
    assert_int_equal(ask(&eve), GATE_INSIDE);
    signin_gate_leave(&gate, &eve.visit);
    for (int i = 0; i < 3; i++)
        signin_gate_leave(&gate, &inside[i]);
    signin_gate_fini(&gate);
}

/* Who shares a network with somebody who crowds is not the one who crowds. */
static void test_neighbours(void **state)
{
    (void)state;
    struct gate gate;
    struct gate_visit inside[3];
    struct guest crowd[GATE_LINE], ada;
    signin_gate_init(&gate, LONG);
    for (int i = 0; i < 3; i++)
        assert_int_equal(come(&gate, "192.0.2.1", NULL, &inside[i]), GATE_INSIDE);
    for (int i = 0; i < GATE_LINE; i++)
        send(&gate, &crowd[i], "192.0.2.1", NULL);
    ada = (struct guest){.gate = &gate, .address = "192.0.2.9", .email = "ada@example.org"};
    pthread_create(&ada.thread, NULL, guest_main, &ada);
    assert_int_equal(ask(&crowd[GATE_LINE - 1]), GATE_FULL);
    signin_gate_leave(&gate, &inside[0]);
    assert_int_equal(ask(&ada), GATE_INSIDE);
    for (int i = 0; i < GATE_LINE - 1; i++)
        atomic_store(&crowd[i].stop, true);
    for (int i = 0; i < GATE_LINE - 1; i++)
        assert_int_equal(ask(&crowd[i]), GATE_STOPPED);
    signin_gate_leave(&gate, &ada.visit);
    signin_gate_leave(&gate, &inside[1]);
    signin_gate_leave(&gate, &inside[2]);
    signin_gate_fini(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_network), cmocka_unit_test(test_one_person),
        cmocka_unit_test(test_turns),       cmocka_unit_test(test_round_robin),
        cmocka_unit_test(test_line),        cmocka_unit_test(test_neighbours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
