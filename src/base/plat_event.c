/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_event.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static bool watch(int poll, int fd)
{
        struct epoll_event event = { .events = EPOLLIN };

        return fd >= 0 && epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool kri_event_open(struct kri_event *event)
{
        event->fd = epoll_create1(EPOLL_CLOEXEC);
        event->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        event->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (event->fd >= 0 && watch(event->fd, event->bell) &&
            watch(event->fd, event->alarm))
                return true;
        kri_event_close(event);
        return false;
}

bool kri_event_include(struct kri_event *event, int fd)
{
        return watch(event->fd, fd);
}

static void close_one(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

void kri_event_close(struct kri_event *event)
{
        close_one(&event->alarm);
        close_one(&event->bell);
        close_one(&event->fd);
}

void kri_event_ring(struct kri_event *event)
{
        uint64_t one = 1;

        /* it fails only when the counter is full: then it is readable anyway */
        if (write(event->bell, &one, sizeof(one)) < 0)
                return;
}

void kri_event_quiet(struct kri_event *event)
{
        uint64_t count;

        /* nothing to read is what we want */
        if (read(event->bell, &count, sizeof(count)) < 0)
                count = 0;
        if (read(event->alarm, &count, sizeof(count)) < 0)
                count = 0;
}

void kri_event_alarm_in(struct kri_event *event, int64_t ns)
{
        struct itimerspec spec = { .it_value = { 0, 0 } };

        if (ns >= 0) {
                ns = ns > 0 ? ns : 1; /* zero would disarm */
                spec.it_value.tv_sec = ns / 1000000000;
                spec.it_value.tv_nsec = ns % 1000000000;
        }
        timerfd_settime(event->alarm, 0, &spec, NULL);
}
