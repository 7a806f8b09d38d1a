/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_server.h"

#include "plat_socket.h"
#include "plat_wait.h"
#include "protocol.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

/* `fds` and what follows: under the lock. A place whose fd is -1 is free. */
static struct {
        bool (*serve)(int fd);
        pthread_mutex_t lock;
        pthread_cond_t left;
        int fds[KRI_SERVER_CONNECTIONS];
        int threads; /* that accept or serve */
        int listener;
        bool stops;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER,
             .left = PTHREAD_COND_INITIALIZER,
             .listener = -1 };

static void leave(void)
{
        server.threads--;
        (void)pthread_cond_broadcast(&server.left);
}

static void run_connection(void *arg)
{
        int place = (int)(intptr_t)arg, fd = server.fds[place];
        bool is_free = server.serve(fd);

        (void)pthread_mutex_lock(&server.lock);
        server.fds[place] = -1;
        if (is_free)
                kri_socket_close(fd);
        leave();
        (void)pthread_mutex_unlock(&server.lock);
}

/* With the lock. */
static bool add(int fd)
{
        int place = 0;

        while (place < KRI_SERVER_CONNECTIONS && server.fds[place] >= 0)
                place++;
        if (server.stops || place == KRI_SERVER_CONNECTIONS)
                return false;
        server.fds[place] = fd;
        server.threads++;
        if (kri_thread_begin(run_connection, (void *)(intptr_t)place))
                return true;
        server.fds[place] = -1;
        leave();
        return false;
}

bool kri_server_add(int fd)
{
        static const char full[] = "the node has no room for one more";
        bool added;

        (void)pthread_mutex_lock(&server.lock);
        added = add(fd);
        (void)pthread_mutex_unlock(&server.lock);
        if (!added) {
                (void)kri_frame_send(fd, KRI_FROM_ERROR, full, strlen(full));
                kri_socket_close(fd);
        }
        return added;
}

static void run_listener(void *unused)
{
        int fd;

        (void)unused;
        while ((fd = kri_socket_accept(server.listener)) >= 0)
                (void)kri_server_add(fd);
        (void)pthread_mutex_lock(&server.lock);
        leave();
        (void)pthread_mutex_unlock(&server.lock);
}

bool kri_server_start(int listener, bool (*serve)(int fd))
{
        server.serve = serve;
        server.listener = listener;
        for (int i = 0; i < KRI_SERVER_CONNECTIONS; i++)
                server.fds[i] = -1;
        if (listener < 0)
                return true;
        server.threads = 1;
        if (kri_thread_begin(run_listener, NULL))
                return true;
        server.threads = 0;
        return false;
}

void kri_server_stop(void)
{
        (void)pthread_mutex_lock(&server.lock);
        server.stops = true;
        if (server.listener >= 0)
                kri_socket_shut(server.listener);
        for (int i = 0; i < KRI_SERVER_CONNECTIONS; i++) {
                if (server.serve != NULL && server.fds[i] >= 0)
                        kri_socket_shut(server.fds[i]);
        }
        while (server.threads > 0)
                (void)pthread_cond_wait(&server.left, &server.lock);
        if (server.listener >= 0)
                kri_socket_close(server.listener);
        server.listener = -1;
        (void)pthread_mutex_unlock(&server.lock);
}
