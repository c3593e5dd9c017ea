package org.tandemsip.engine.transaction;

import org.tandemsip.engine.handler.Places;

/**
 * Transaction objects that wait for their next transaction: one list per class, linked by
 * {@link Transaction#nextFree}. None grows beyond the number of transactions that may live at a time. Client
 * transactions have a slot each, by which a response finds them. Shard thread only.
 */
final class TransactionPools {
    private final Transactions owner;
    private final Places<ClientTransaction> places;
    private Transaction inviteClients;
    private Transaction nonInviteClients;
    private Transaction inviteServers;
    private Transaction nonInviteServers;

    TransactionPools(final Transactions owner, final Places<ClientTransaction> places) {
        this.owner = owner;
        this.places = places;
    }

    InviteClientTransaction takeInviteClient() {
        final Transaction head = inviteClients;
        if (head == null) {
            return placed(new InviteClientTransaction(owner));
        }
        inviteClients = head.nextFree;
        return (InviteClientTransaction) head;
    }

    NonInviteClientTransaction takeNonInviteClient() {
        final Transaction head = nonInviteClients;
        if (head == null) {
            return placed(new NonInviteClientTransaction(owner));
        }
        nonInviteClients = head.nextFree;
        return (NonInviteClientTransaction) head;
    }

    InviteServerTransaction takeInviteServer() {
        final Transaction head = inviteServers;
        if (head == null) {
            return new InviteServerTransaction(owner);
        }
        inviteServers = head.nextFree;
        return (InviteServerTransaction) head;
    }

    NonInviteServerTransaction takeNonInviteServer() {
        final Transaction head = nonInviteServers;
        if (head == null) {
            return new NonInviteServerTransaction(owner);
        }
        nonInviteServers = head.nextFree;
        return (NonInviteServerTransaction) head;
    }

    private <T extends ClientTransaction> T placed(final T made) {
        made.place(places.add(made));
        return made;
    }

    void giveBack(final Transaction transaction) {
        switch (transaction) {
            case InviteClientTransaction inviteClient -> {
                inviteClient.place(places.next(inviteClient.place()));
                inviteClient.nextFree = inviteClients;
                inviteClients = inviteClient;
            }
            case NonInviteClientTransaction nonInviteClient -> {
                nonInviteClient.place(places.next(nonInviteClient.place()));
                nonInviteClient.nextFree = nonInviteClients;
                nonInviteClients = nonInviteClient;
            }
            case InviteServerTransaction inviteServer -> {
                inviteServer.nextFree = inviteServers;
                inviteServers = inviteServer;
            }
            case NonInviteServerTransaction nonInviteServer -> {
                nonInviteServer.nextFree = nonInviteServers;
                nonInviteServers = nonInviteServer;
            }
        }
    }
}
