package org.tandemsip.server.records;

/** Is told what happens to records, to tell people. Any thread; rarely. */
public interface RecordReports {
    /** Something has gone wrong, or still does. @param where file or store */
    void failed(String what, String where, String cause);

    /** What had gone wrong is right again. */
    void recovered(String what, String where);

    /** So many records were lost since it was last told. */
    void lost(long count);
}
