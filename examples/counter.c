/* SPDX-License-Identifier: Apache-2.0 */
#include <krarup.h>
#include <stdio.h>

enum { TICK, READ, VALUE };

static void counter(int64_t value)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        int64_t n;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(TICK, "{tick, ~}", &n),
                               kr_on(READ, "{read, ~}", &from))) {
        case TICK:
                kr_become(counter, kr_add(value, n));
        case READ:
                kr_send(from, "{value, ~}", value);
                kr_become(counter, value);
        }
}

int main(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid self, pid;
        kr_node *node;
        int64_t value;

        if (kr_node_start(NULL, &node) != KR_OK || kr_thread_attach(node, &self) != KR_OK)
                return 1;
        pid = kr_spawn(counter, 0);
        kr_send(pid, "{tick, 40}");
        kr_send(pid, "{tick, ~}", 2);
        kr_send(pid, "{read, ~}", self);
        kr_receive(&msg, KR_INFINITY, kr_on(VALUE, "{value, ~}", &value));
        printf("%lld\n", (long long)value);
        kr_thread_detach();
        return kr_node_stop(node, KR_INFINITY);
}
