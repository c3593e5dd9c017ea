/*
 * The limit: a forwarder that does nothing but receive a datagram and send it on. What arrives from the caller goes to the
 * answerer and the other way round; any other source is ignored.
 *
 *   null PORT CALLER_PORT ANSWERER_PORT [BATCH]     all on 127.0.0.1; with BATCH by recvmmsg and sendmmsg
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MOST 64
#define SIZE 65536

static char data[MOST][SIZE];
static struct sockaddr_in from[MOST];
static struct sockaddr_in sides[2];
static struct iovec vectors[MOST];
static struct mmsghdr messages[MOST];
static struct mmsghdr out[MOST];

static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short) atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static struct sockaddr_in *other(const struct sockaddr_in *source) {
    return source->sin_port == sides[0].sin_port ? &sides[1] : source->sin_port == sides[1].sin_port ? &sides[0] : NULL;
}

static void one_by_one(int fd) {
    for (;;) {
        socklen_t length = sizeof from[0];
        ssize_t size = recvfrom(fd, data[0], SIZE, 0, (struct sockaddr *) &from[0], &length);
        struct sockaddr_in *to = size < 0 ? NULL : other(&from[0]);
        if (to != NULL) {
            sendto(fd, data[0], (size_t) size, 0, (struct sockaddr *) to, sizeof *to);
        }
    }
}

static void in_batches(int fd, int batch) {
    for (;;) {
        for (int i = 0; i < batch; i++) {
            vectors[i] = (struct iovec) {data[i], SIZE};
            messages[i].msg_hdr = (struct msghdr) {
                .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        int received = recvmmsg(fd, messages, (unsigned) batch, MSG_WAITFORONE, NULL);
        int sending = 0;
        for (int i = 0; i < received; i++) {
            struct sockaddr_in *to = other(&from[i]);
            if (to != NULL) {
                vectors[i].iov_len = messages[i].msg_len;
                out[sending++].msg_hdr = (struct msghdr) {
                    .msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &vectors[i], .msg_iovlen = 1};
            }
        }
        for (int sent = 0; sent < sending;) {
            int taken = sendmmsg(fd, out + sent, (unsigned) (sending - sent), 0);
            sent += taken > 0 ? taken : 1;
        }
    }
}

int main(int count, char **arguments) {
    if (count < 4) {
        fprintf(stderr, "usage: null PORT CALLER_PORT ANSWERER_PORT [BATCH]\n");
        return 2;
    }
    struct sockaddr_in here = loopback(arguments[1]);
    sides[0] = loopback(arguments[2]);
    sides[1] = loopback(arguments[3]);
    int batch = count > 4 ? atoi(arguments[4]) : 1;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int bytes = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (bind(fd, (struct sockaddr *) &here, sizeof here) < 0) {
        perror("bind");
        return 71;
    }
    if (batch > 1) {
        in_batches(fd, batch < MOST ? batch : MOST);
    } else {
        one_by_one(fd);
    }
}
