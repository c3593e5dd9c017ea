package org.tandemsip.server.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** YAML texts as trees of nodes with marks; merges included files into the one that includes them. */
final class Documents {
    private static final int MAX_BYTES = 4 * 1024 * 1024;
    private static final int MAX_FILES = 256;
    private static final String INCLUDE = "include";
    /** Keys whose values from several files are joined; any other key may stand in one file only. */
    private static final Set<String> JOINED = Set.of("trunks", "routes", "listen");

    private Documents() {}

    /** Reads a file and what it includes; {@code null} when that fails. */
    static MappingNode read(final Reading reading, final Path file) {
        final String text = readText(reading, file, null);
        final MappingNode main = text == null ? null : parse(reading, file.toString(), text);
        if (main == null) {
            return null;
        }
        final List<MappingNode> documents = new ArrayList<>(List.of(main));
        final Node include = find(main, INCLUDE);
        if (include != null) {
            final List<Node> patterns = include instanceof final SequenceNode sequence
                    ? sequence.getValue()
                    : List.of(include);
            for (final Node pattern : patterns) {
                includeAll(reading, file, pattern, documents);
            }
        }
        return documents.size() == 1 ? main : merge(reading, documents);
    }

    /**
     * Reads a text; {@code null} when that fails. It cannot include files: texts come over the admin API too, and
     * mistakes in what is included are shown with their lines.
     */
    static MappingNode read(final Reading reading, final String source, final String text) {
        final MappingNode main = parse(reading, source, text);
        final Node include = main == null ? null : find(main, INCLUDE);
        if (include != null) {
            reading.problem(ErrorCode.INCLUDE, include, "only a file can include others");
        }
        return main;
    }

    private static void includeAll(final Reading reading, final Path source, final Node pattern,
            final List<MappingNode> documents) {
        if (!(pattern instanceof final ScalarNode scalar)) {
            reading.problem(ErrorCode.WRONG_SHAPE, pattern, "a file name or pattern belongs here in 'include'");
            return;
        }
        for (final Path file : matches(reading, source, scalar)) {
            final String text = documents.size() > MAX_FILES ? null : readText(reading, file, pattern);
            final MappingNode document = text == null ? null : parse(reading, file.toString(), text);
            if (document != null) {
                final Node nested = find(document, INCLUDE);
                if (nested != null) {
                    reading.problem(ErrorCode.INCLUDE, nested, "an included file cannot include others");
                } else {
                    documents.add(document);
                }
            }
        }
    }

    private static List<Path> matches(final Reading reading, final Path source, final ScalarNode pattern) {
        final Path path = source.resolveSibling(pattern.getValue());
        final String name = path.getFileName() == null ? "" : path.getFileName().toString();
        if (name.indexOf('*') < 0 && name.indexOf('?') < 0) {
            if (!Files.isReadable(path)) {
                reading.problem(ErrorCode.INCLUDE, pattern, "file '" + pattern.getValue() + "' cannot be read");
                return List.of();
            }
            return List.of(path);
        }
        final Path directory = path.toAbsolutePath().getParent();
        final List<Path> files = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, name)) {
                stream.forEach(file -> files.add(path.resolveSibling(file.getFileName())));
            } catch (final IOException e) {
                reading.problem(ErrorCode.INCLUDE, pattern, "'" + pattern.getValue() + "' cannot be listed");
            }
        }
        files.sort(null);
        return files;
    }

    private static MappingNode merge(final Reading reading, final List<MappingNode> documents) {
        final Map<String, NodeTuple> tuples = new LinkedHashMap<>();
        for (final MappingNode document : documents) {
            for (final NodeTuple tuple : document.getValue()) {
                final String name = tuple.getKeyNode() instanceof final ScalarNode scalar ? scalar.getValue() : "";
                final NodeTuple before = tuples.putIfAbsent(name, tuple);
                if (before == null) {
                    continue;
                }
                final Node joined = JOINED.contains(name) ? join(before.getValueNode(), tuple.getValueNode()) : null;
                if (joined == null) {
                    reading.problem(ErrorCode.DUPLICATE_KEY, tuple.getKeyNode(),
                            "key '" + name + "' is given twice, first " + position(before.getKeyNode()));
                } else {
                    tuples.put(name, new NodeTuple(before.getKeyNode(), joined));
                }
            }
        }
        final MappingNode first = documents.getFirst();
        return new MappingNode(Tag.MAP, true, new ArrayList<>(tuples.values()), FlowStyle.BLOCK, first.getStartMark(),
                first.getEndMark());
    }

    private static Node join(final Node one, final Node other) {
        if (one instanceof final MappingNode a && other instanceof final MappingNode b) {
            final List<NodeTuple> all = new ArrayList<>(a.getValue());
            all.addAll(b.getValue());
            return new MappingNode(Tag.MAP, true, all, FlowStyle.BLOCK, a.getStartMark(), a.getEndMark());
        }
        if (one instanceof final SequenceNode a && other instanceof final SequenceNode b) {
            final List<Node> all = new ArrayList<>(a.getValue());
            all.addAll(b.getValue());
            return new SequenceNode(Tag.SEQ, true, all, FlowStyle.BLOCK, a.getStartMark(), a.getEndMark());
        }
        return null;
    }

    private static String position(final Node node) {
        return node.getStartMark().map(mark -> "at " + mark.getName() + ":" + (mark.getLine() + 1)).orElse("before");
    }

    private static String readText(final Reading reading, final Path file, final Node at) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException("larger than 4 MiB");
            }
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            final String reason = e instanceof java.nio.file.NoSuchFileException ? "no such file"
                    : e instanceof java.nio.charset.MalformedInputException ? "not UTF-8 text"
                            : e instanceof java.nio.file.AccessDeniedException ? "permission denied"
                                    : String.valueOf(e.getMessage());
            if (at == null) {
                reading.problem(ErrorCode.FILE_UNREADABLE, file.toString(), "cannot be read: " + reason);
            } else {
                reading.problem(ErrorCode.INCLUDE, at, "file '" + file + "' cannot be read: " + reason);
            }
            return null;
        }
    }

    private static MappingNode parse(final Reading reading, final String source, final String text) {
        reading.source(source, text);
        final Optional<Node> root;
        try {
            final LoadSettings settings = LoadSettings.builder().setLabel(source).setUseMarks(true)
                    .setCodePointLimit(MAX_BYTES).build();
            root = new Compose(settings).composeString(text);
        } catch (final MarkedYamlEngineException e) {
            final Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
            final String message = "not valid YAML: " + (e.getProblem() == null ? e.getContext() : e.getProblem())
                    + (text.contains("://[") ? "; inside [...] an IPv6 address must be quoted" : "");
            mark.ifPresentOrElse(at -> reading.problem(ErrorCode.SYNTAX, at, 1, message),
                    () -> reading.problem(ErrorCode.SYNTAX, source, message));
            return null;
        } catch (final YamlEngineException e) {
            reading.problem(ErrorCode.SYNTAX, source, "not valid YAML: " + e.getMessage());
            return null;
        }
        if (root.isEmpty() || isEmpty(root.get())) {
            return new MappingNode(Tag.MAP, List.of(), FlowStyle.BLOCK);
        }
        if (root.get() instanceof final MappingNode mapping) {
            return mapping;
        }
        reading.problem(ErrorCode.WRONG_SHAPE, root.get(), "a mapping of keys to values belongs here");
        return null;
    }

    private static Node find(final MappingNode mapping, final String name) {
        for (final NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode() instanceof final ScalarNode scalar && scalar.getValue().equals(name)) {
                return tuple.getValueNode();
            }
        }
        return null;
    }

    /** The node of a default value. */
    static Node ofDefault(final String text) {
        final LoadSettings settings = LoadSettings.builder().setUseMarks(false).build();
        return new Compose(settings).composeString(text).orElseThrow();
    }

    /** Whether a key is there without a value. */
    static boolean isEmpty(final Node node) {
        return node instanceof final ScalarNode scalar && scalar.isPlain() && scalar.getValue().isEmpty();
    }

    /** A mapping without keys that stands where {@code at} stands. */
    static Node emptyMapping(final Node at) {
        return new MappingNode(Tag.MAP, true, List.of(), FlowStyle.BLOCK, at.getStartMark(), at.getEndMark());
    }
}
