package org.tandemsip.engine.transaction;

/**
 * Transaction objects that wait for their next transaction: one list per class, linked by
 * {@link Transaction#nextFree}. None grows beyond the number of transactions that may live at a time. Shard thread
 * only.
 */
final class TransactionPools {
    private final Transactions owner;
    private Transaction inviteClients;
    private Transaction nonInviteClients;
    private Transaction inviteServers;
    private Transaction nonInviteServers;

    TransactionPools(final Transactions owner) {
        this.owner = owner;
    }

    InviteClientTransaction takeInviteClient() {
        final Transaction head = inviteClients;
        if (head == null) {
            return new InviteClientTransaction(owner);
        }
        inviteClients = head.nextFree;
        return (InviteClientTransaction) head;
    }

    NonInviteClientTransaction takeNonInviteClient() {
        final Transaction head = nonInviteClients;
        if (head == null) {
            return new NonInviteClientTransaction(owner);
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

    void giveBack(final Transaction transaction) {
        switch (transaction) {
            case InviteClientTransaction inviteClient -> {
                inviteClient.nextFree = inviteClients;
                inviteClients = inviteClient;
            }
            case NonInviteClientTransaction nonInviteClient -> {
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
