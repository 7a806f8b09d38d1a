/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <krarup/loop.h>

#include <stdlib.h>

#include "plat.h"

struct worker {
        kr_node *node;
        void (*run)(void *arg);
        void *arg;
        kri_plat_thread thread;
        bool started;
};

static void *work(void *of)
{
        struct worker *w = of;
        kr_pid self;

        if (kr_thread_attach(w->node, &self) == KR_OK) {
                w->run(w->arg);
                kr_thread_detach();
        }
        return NULL;
}

static void release(void *of)
{
        struct worker *w = of;

        if (w->started)
                kri_plat_thread_join(&w->thread);
        free(w);
}

kr_err kri_worker_start(kr_node *node, const void *key, void (*run)(void *arg), void *arg)
{
        struct worker *w;
        kr_err err;

        if (kr_node_get(node, key) != NULL)
                return KR_EALREADY;
        w = calloc(1, sizeof(*w));
        if (w == NULL)
                return KR_ENOMEM;
        w->node = node;
        w->run = run;
        w->arg = arg;
        if (!kr_node_put(node, key, w, release)) {
                free(w);
                return KR_ENOMEM;
        }
        err = kri_plat_thread_start(&w->thread, work, w);
        w->started = err == KR_OK;
        return err;
}
