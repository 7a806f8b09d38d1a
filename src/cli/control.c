/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include "host.h"
#include "plat_file.h"
#include "plat_pid.h"
#include "plat_server.h"
#include "plat_socket.h"
#include "plat_wait.h"
#include "protocol.h"
#include "say.h"
#include "shell_session.h"

#include <krarup/application.h>
#include <krarup/link.h>
#include <krarup/text.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define SHELLS_MAX 100 /* so that there is room for who asks for status, or a stop */
#define WHICH_MS 2000
#define SESSION_END_MS 5000
#define ATTACH_TRIES 50
#define ATTACH_PAUSE_MS 100

static char socket_path[KRI_PATH_MAX];
static _Atomic int shells;

/* -- status -- */

/* [{App, Vsn}], or the atom `none` if the controller does not answer. */
static kr_term running_apps(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_builder b = KR_BUILDER_INIT;
        kr_term list = kr_application_which(&slot, WHICH_MS), app, version, entry;

        if (!kr_is_list(list)) {
                kr_msg_clear(&slot);
                return kr_build("none");
        }
        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (!kr_match(kr_hd(list), "{~, _, ~}", &app, &version))
                        continue;
                entry = kr_build("{~, ~}", app, version);
                kr_add_term(&b, entry);
                kr_release(entry);
        }
        kr_msg_clear(&slot);
        return kr_build_list(&b);
}

static bool send_status(int fd)
{
        kr_node_stats stats;
        char crash[600] = "", folder[KRI_PATH_MAX] = "";
        kr_buf text = KR_BUF_INIT;
        kr_term apps = running_apps(), status;
        bool sent;

        kr_node_stats_read(kri_host_node(), &stats);
        (void)kri_host_last_crash(crash, sizeof(crash));
        (void)kri_folder_here(folder, sizeof(folder));
        status = kr_build(
                "#{node => ~, pid => ~, uptime_ms => ~, processes => ~, schedulers => ~, "
                "resident_bytes => ~, faults => ~, applications => ~, last_crash => ~, "
                "folder => ~, version => ~}",
                kr_node_name(kri_host_node()), kri_pid_own(), kri_host_uptime_ms(),
                stats.processes, stats.schedulers, kri_resident_bytes(), stats.faults,
                apps, (const char *)crash, (const char *)folder, kr_version());
        kr_release(apps);
        sent = kr_print_to(&text, status, NULL) == KR_OK &&
               kri_frame_send(fd, KRI_FROM_STATUS, text.data, text.len);
        kr_release(status);
        kr_buf_free(&text);
        return sent;
}

/* -- a connection -- */

struct connection {
        int fd;
        kr_pid session;
};

/* False: one more is too many, which it is told; or there is no memory. */
static bool begin_session(struct connection *c)
{
        static const char full[] = "too many shells are attached to the node";

        if (atomic_fetch_add(&shells, 1) < SHELLS_MAX)
                c->session = kri_session_start(kri_host_node(), c->fd);
        else
                (void)kri_frame_send(c->fd, KRI_FROM_ERROR, full, strlen(full));
        if (!kr_pid_is_none(c->session))
                return true;
        (void)atomic_fetch_sub(&shells, 1);
        return false;
}

/* A frame of a shell; the thread is a process only as long as it sends, for one that waits for a
 * socket answers nobody who asks it. */
static bool give_to_session(struct connection *c, char kind, const kr_buf *frame)
{
        kr_bytes bytes = { frame->data != NULL ? frame->data : "", frame->len };

        if (kind == KRI_TO_SHELL && kr_pid_is_none(c->session))
                return begin_session(c);
        return !kr_pid_is_none(c->session) && strchr("ECI", kind) != NULL &&
               kr_send(c->session, "{frame, ~, ~}", (int)kind, bytes) == KR_OK;
}

/* One frame. False: enough. */
static bool take_frame(struct connection *c, char kind, const kr_buf *frame)
{
        bool goes_on;
        kr_pid self;

        if (kr_thread_attach(kri_host_node(), &self) != KR_OK)
                return false;
        switch (kind) {
        case KRI_TO_STATUS:
                goes_on = kr_pid_is_none(c->session) && send_status(c->fd);
                break;
        case KRI_TO_STOP:
                kri_host_stop(0);
                goes_on = kr_pid_is_none(c->session) &&
                          kri_frame_send(c->fd, KRI_FROM_STOP, "", 0);
                break;
        default:
                goes_on = give_to_session(c, kind, frame);
                break;
        }
        kr_thread_detach();
        return goes_on;
}

/* The node may be full for a moment. */
static bool attach_in_time(void)
{
        kr_pid self;

        for (int tries = 0; tries < ATTACH_TRIES; tries++) {
                if (kr_thread_attach(kri_host_node(), &self) == KR_OK)
                        return true;
                (void)kri_wait_any(NULL, 0, ATTACH_PAUSE_MS);
        }
        return false;
}

/* The descriptor may be closed only after the session has ended. False: it goes on, and finds
 * nobody at the other end. */
static bool end_session(struct connection *c)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        if (kr_pid_is_none(c->session))
                return true;
        kri_socket_shut(c->fd);
        if (!attach_in_time())
                return false;
        monitor = kr_monitor(c->session);
        kr_send(c->session, "closed");
        if (kr_receive(&msg, SESSION_END_MS, kr_on(0, "{'DOWN', =, _, _, _}", monitor)) ==
            KR_TIMEOUT) {
                kr_exit_signal(c->session, "kill");
                (void)kr_receive(&msg, KR_INFINITY,
                                 kr_on(0, "{'DOWN', =, _, _, _}", monitor));
        }
        kr_msg_clear(&msg);
        kr_thread_detach();
        (void)atomic_fetch_sub(&shells, 1);
        return true;
}

static bool serve(int fd)
{
        struct connection c = { .fd = fd, .session = kr_pid_none() };
        kr_buf frame = KR_BUF_INIT;
        bool ended;
        char kind;

        while (kri_frame_recv(fd, &kind, &frame) && take_frame(&c, kind, &frame))
                ;
        ended = end_session(&c);
        kr_buf_free(&frame);
        return ended;
}

/* -- the door -- */

bool kri_control_open(const char *path)
{
        int listener = -1;

        if (path != NULL) {
                listener = kri_socket_listen(path);
                if (listener < 0) {
                        kri_complain("the control socket %s cannot be had: %s", path,
                                     strerror(errno));
                        return false;
                }
                (void)snprintf(socket_path, sizeof(socket_path), "%s", path);
        }
        if (kri_server_start(listener, serve))
                return true;
        kri_complain("no thread for the control socket");
        return false;
}

int kri_control_inner(void)
{
        int fds[2];

        if (!kri_socket_pair(fds))
                return -1;
        if (kri_server_add(fds[0]))
                return fds[1];
        kri_socket_close(fds[1]);
        return -1;
}

void kri_control_close(void)
{
        if (socket_path[0] != 0)
                (void)remove(socket_path);
        kri_server_stop();
}
