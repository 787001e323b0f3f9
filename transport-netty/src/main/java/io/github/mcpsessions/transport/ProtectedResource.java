package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The metadata of an MCP server as an OAuth 2.0 protected resource (RFC 9728): from it a client learns which authorization
 * servers issue tokens for the server. Immutable.
 */
public final class ProtectedResource {

    private static final String WELL_KNOWN = "/.well-known/oauth-protected-resource";

    private final URI resource;
    private final List<String> authorizationServers;
    private final List<String> scopes;
    private final @Nullable String name;
    private final @Nullable String documentation;

    private ProtectedResource(Builder builder) {
        this.resource = builder.resource;
        this.authorizationServers = List.copyOf(builder.authorizationServers);
        this.scopes = List.copyOf(builder.scopes);
        this.name = builder.name;
        this.documentation = builder.documentation;
    }

    /**
     * Starts the metadata.
     *
     * @param resource the URL at which clients reach the MCP endpoint, as they write it: behind a proxy, the proxy's. The
     *     audience of their tokens (RFC 8707)
     * @return a builder
     * @throws IllegalArgumentException if it is not an absolute http or https URL without query and fragment
     */
    public static Builder builder(URI resource) {
        return new Builder(resource);
    }

    /** {@return the URL at which clients reach the MCP endpoint} */
    public URI resource() {
        return resource;
    }

    /** {@return where clients find the metadata: the well-known path, followed by that of the resource (RFC 9728, 3.1)} */
    public String metadataUrl() {
        return resource.getScheme() + "://" + resource.getRawAuthority() + WELL_KNOWN + suffix(resource.getRawPath());
    }

    /**
     * Returns the paths at which the metadata is to be served: with and without that of the resource, since clients look at
     * both, and with that of the endpoint, which a proxy may have changed.
     *
     * @param endpoint the path of the MCP endpoint at this server
     * @return the paths
     */
    public Set<String> paths(String endpoint) {
        Set<String> paths = new LinkedHashSet<>();
        paths.add(WELL_KNOWN);
        paths.add(WELL_KNOWN + suffix(resource.getRawPath()));
        paths.add(WELL_KNOWN + suffix(endpoint));
        return paths;
    }

    /** {@return the metadata as JSON (RFC 9728, 2)} */
    public String json() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("resource", resource.toString());
        if (!authorizationServers.isEmpty()) {
            members.put("authorization_servers", authorizationServers);
        }
        if (!scopes.isEmpty()) {
            members.put("scopes_supported", scopes);
        }
        members.put("bearer_methods_supported", List.of("header"));
        if (name != null) {
            members.put("resource_name", name);
        }
        if (documentation != null) {
            members.put("resource_documentation", documentation);
        }
        return JsonMapper.shared().writeValueAsString(members);
    }

    private static String suffix(String path) {
        return path.equals("/") ? "" : path;
    }

    /** Builds a {@link ProtectedResource}. Not thread-safe. */
    public static final class Builder {

        private final URI resource;
        private final List<String> authorizationServers = new ArrayList<>();
        private final Set<String> scopes = new LinkedHashSet<>();
        private @Nullable String name;
        private @Nullable String documentation;

        private Builder(URI resource) {
            this.resource = URI.create(requireHttp("resource", resource).toASCIIString());
            if (resource.getRawQuery() != null || resource.getRawFragment() != null) {
                throw new IllegalArgumentException("resource: " + resource + " (expected: no query and no fragment)");
            }
        }

        /**
         * Adds an authorization server that issues tokens for the resource.
         *
         * @param issuer its issuer identifier (RFC 8414)
         * @return this builder
         * @throws IllegalArgumentException if it is not an absolute http or https URL
         */
        public Builder authorizationServer(URI issuer) {
            authorizationServers.add(requireHttp("authorizationServer", issuer).toString());
            return this;
        }

        /**
         * Adds a scope that clients may ask for.
         *
         * @param scope the scope
         * @return this builder
         * @throws IllegalArgumentException if it cannot be a scope (RFC 6749, 3.3)
         */
        public Builder scope(String scope) {
            scopes.add(AuthParameters.requireScope("scope", scope));
            return this;
        }

        /**
         * Sets what users know the resource as.
         *
         * @param name the name; none by default
         * @return this builder
         */
        public Builder name(String name) {
            this.name = requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets where developers read about the resource.
         *
         * @param documentation the page; none by default
         * @return this builder
         * @throws IllegalArgumentException if it is not an absolute http or https URL
         */
        public Builder documentation(URI documentation) {
            this.documentation = requireHttp("documentation", documentation).toString();
            return this;
        }

        /** {@return the metadata} */
        public ProtectedResource build() {
            return new ProtectedResource(this);
        }

        private static URI requireHttp(String name, URI uri) {
            String scheme = requireNonNull(uri, name).getScheme();
            boolean http = scheme != null
                    && Set.of("http", "https").contains(scheme.toLowerCase(Locale.ROOT))
                    && uri.getHost() != null;
            if (!http) {
                throw new IllegalArgumentException(name + ": " + uri + " (expected: an absolute http or https URL)");
            }
            return uri;
        }
    }
}
