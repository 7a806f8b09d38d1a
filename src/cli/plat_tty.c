/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_tty.h"

#include "say.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

bool kri_tty_is(int fd)
{
        return isatty(fd) == 1;
}

int kri_tty_columns(int fd)
{
        struct winsize size;

        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        return 80;
}

/* -- a line that moves -- */

#define FRAME_NS 100000000
#define BAR 12

static struct {
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        const char *what;
        bool runs, ends; /* ends: under the lock */
} busy = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static void draw(int frame)
{
        int place = frame % (2 * (BAR - 1));
        char bar[BAR + 1];

        if (place >= BAR)
                place = 2 * (BAR - 1) - place;
        for (int i = 0; i < BAR; i++)
                bar[i] = i == place ? '#' : '.';
        bar[BAR] = 0;
        (void)fprintf(stderr, "\r\033[K%s [%s] %d s", busy.what, bar, frame / 10);
}

static void *run_busy(void *unused)
{
        struct timespec next;

        (void)unused;
        (void)clock_gettime(CLOCK_REALTIME, &next);
        (void)pthread_mutex_lock(&busy.lock);
        for (int frame = 0; !busy.ends; frame++) {
                if (frame > 0)
                        draw(frame);
                next.tv_nsec += FRAME_NS;
                if (next.tv_nsec >= 1000000000) {
                        next.tv_nsec -= 1000000000;
                        next.tv_sec++;
                }
                (void)pthread_cond_timedwait(&busy.wake, &busy.lock, &next);
        }
        (void)fprintf(stderr, "\r\033[K");
        (void)pthread_mutex_unlock(&busy.lock);
        return NULL;
}

void kri_busy_begin(const char *what)
{
        if (!kri_has_colours(true))
                return;
        busy.what = what;
        busy.ends = false;
        busy.runs = pthread_create(&busy.thread, NULL, run_busy, NULL) == 0;
}

void kri_busy_end(void)
{
        if (!busy.runs)
                return;
        (void)pthread_mutex_lock(&busy.lock);
        busy.ends = true;
        (void)pthread_cond_signal(&busy.wake);
        (void)pthread_mutex_unlock(&busy.lock);
        (void)pthread_join(busy.thread, NULL);
        busy.runs = false;
}
