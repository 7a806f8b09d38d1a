/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_echo: a process accepts, and starts one for each connection. */
#include "krarup_kit.h"

#include "../epoll/tcp_server.h"

static void echo(kr_term socket)
{
        char buf[4096];
        kr_msg msg = KR_MSG_INIT;
        kr_socket own;
        size_t len;

        bench_check(kr_get_port(socket, &own));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "yours"));
        while (kr_tcp_recv(own, buf, sizeof(buf), KR_INFINITY, &len) == KR_OK)
                bench_check(kr_tcp_send(own, buf, len) == KR_OK);
}

static void serve(kr_term starter)
{
        kr_socket listener, socket;
        kr_tcp_address address;
        kr_pid parent;

        bench_check(kr_get_pid(starter, &parent));
        bench_check(kr_tcp_listen(0, NULL, &listener) == KR_OK);
        bench_check(kr_tcp_sockname(listener, &address) == KR_OK);
        kr_send(parent, "~", address.port);
        while (kr_tcp_accept(listener, KR_INFINITY, &socket) == KR_OK) {
                kr_term own = kr_build("~", socket);
                kr_pid pid = kr_spawn(echo, own);

                kr_release(own);
                bench_check(kr_tcp_controlling_process(socket, pid) == KR_OK);
                kr_send(pid, "yours");
        }
}

int main(int argc, char **argv)
{
        struct bench_args args = bench_parse(argc, argv);
        kr_node *node;
        kr_msg msg = KR_MSG_INIT;
        kr_term self;
        kr_pid pid;
        uint16_t port;

        bench_check(
                kr_node_start(&(kr_node_opts){ .schedulers = (unsigned)args.schedulers,
                                               .faults = KR_FAULTS_EXIT },
                              &node) == KR_OK);
        bench_check(kr_thread_attach(node, &pid) == KR_OK);
        self = kr_build("~", pid);
        (void)kr_spawn(serve, self);
        kr_receive(&msg, KR_INFINITY, kr_on(0, "~", &port));
        kr_thread_detach();
        tcp_load_and_report(&args, port);
        return 0;
}
