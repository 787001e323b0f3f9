package io.github.mcpsessions.example;

/** A setting has a value that it cannot have. The message is one sentence for whoever set it. */
final class InvalidSettingException extends Exception {

    private static final long serialVersionUID = 1L;

    InvalidSettingException(String setting, String value, String expected) {
        super(setting + ": " + value + " (expected: " + expected + ")");
    }
}
