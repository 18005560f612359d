package org.example.medreview.interop;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * Validates FHIR R4 resources without a network.
 *
 * <pre>Validator [--profiles DIR]... [--apply-profiles] [--info] FILE_OR_DIRECTORY...</pre>
 *
 * One line an issue: place, severity, element, message. A Bundle is checked entry by entry, and, unless it is the
 * answer to a search, as a whole. With --apply-profiles a resource that carries our tag is also held against the
 * profiles of its type found in DIR, whether or not it claims them. Exit 1 when anything is an error.
 */
public final class Validator {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final FhirContext context = FhirContext.forR4();
    private final PrePopulatedValidationSupport own = new PrePopulatedValidationSupport(context);
    private final Map<String, List<String>> profilesByType = new TreeMap<>();
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private FhirValidator validator;
    private boolean applyProfiles;
    private boolean showInformation;
    private int passed;
    private int failed;

    public static void main(String[] args) throws IOException {
        System.exit(new Validator().run(args));
    }

    private int run(String[] args) throws IOException {
        List<Path> inputs = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--profiles" -> loadProfiles(Path.of(args[++i]));
                case "--apply-profiles" -> applyProfiles = true;
                case "--info" -> showInformation = true;
                default -> inputs.add(Path.of(args[i]));
            }
        }
        if (inputs.isEmpty()) {
            System.err.println("usage: Validator [--profiles DIR]... [--apply-profiles] [--info] FILE_OR_DIRECTORY...");
            return 2;
        }
        validator = newValidator();
        for (Path input : inputs) {
            for (Path file : filesUnder(input)) {
                checkFile(file);
            }
        }
        out.println(passed + " passed, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }

    private FhirValidator newValidator() {
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
        // SNOMED CT and dm+d are not to be had offline: what cannot be looked up is worth a warning, no more.
        unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
        ValidationSupportChain chain = new ValidationSupportChain(
                new DefaultProfileValidationSupport(context),
                own,
                new CommonCodeSystemsTerminologyService(context),
                new InMemoryTerminologyServerValidationSupport(context),
                // Profiles are kept as differentials: without this link they would have no snapshot.
                new SnapshotGeneratingValidationSupport(context),
                unknown);
        FhirInstanceValidator module = new FhirInstanceValidator(chain);
        module.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
        module.setErrorForUnknownProfiles(true);
        return context.newValidator().registerValidatorModule(module);
    }

    private void loadProfiles(Path directory) throws IOException {
        for (Path file : filesUnder(directory)) {
            IParser parser = file.toString().endsWith(".xml") ? context.newXmlParser() : context.newJsonParser();
            IBaseResource resource;
            try {
                resource = parser.parseResource(Files.readString(file));
            } catch (RuntimeException e) {
                // The same folder is validated as data too; a file that cannot be parsed is reported there.
                continue;
            }
            switch (context.getResourceType(resource)) {
                case "StructureDefinition", "CodeSystem", "ValueSet" -> own.addResource(resource);
                default -> {
                    continue;
                }
            }
            if (resource instanceof StructureDefinition profile
                    && profile.getDerivation() == StructureDefinition.TypeDerivationRule.CONSTRAINT) {
                profilesByType
                        .computeIfAbsent(profile.getType(), type -> new ArrayList<>())
                        .add(profile.getUrl());
            }
        }
    }

    private static List<Path> filesUnder(Path input) throws IOException {
        if (!Files.isDirectory(input)) {
            return List.of(input);
        }
        try (Stream<Path> walk = Files.walk(input)) {
            return walk.filter(Files::isRegularFile)
                    .filter(p -> p.toString().matches(".*\\.(json|ndjson|xml)"))
                    .sorted()
                    .toList();
        }
    }

    private void checkFile(Path file) throws IOException {
        String text = Files.readString(file);
        if (file.toString().endsWith(".xml")) {
            check(file.toString(), text, List.of(), false);
            return;
        }
        if (file.toString().endsWith(".ndjson")) {
            int line = 0;
            for (String one : text.split("\n")) {
                line++;
                if (!one.isBlank()) {
                    checkJson(file + ":" + line, one);
                }
            }
            return;
        }
        checkJson(file.toString(), text);
    }

    private void checkJson(String place, String text) throws IOException {
        JsonNode tree;
        try {
            tree = JSON.readTree(text);
        } catch (IOException e) {
            report(place, "error", "-", "not JSON: " + e.getMessage());
            failed++;
            return;
        }
        if (!"Bundle".equals(tree.path("resourceType").asText())) {
            check(place, text, profilesFor(tree), false);
            return;
        }
        if (!"searchset".equals(tree.path("type").asText())) {
            check(place, text, List.of(), true);
        }
        int index = 0;
        for (JsonNode entry : tree.path("entry")) {
            JsonNode resource = entry.path("resource");
            if (resource.isObject()) {
                String name = resource.path("resourceType").asText("?") + "/" + resource.path("id").asText("-");
                // Cut out of the tree and not out of a parsed Bundle: the parser would drop what it does not know.
                check(place + "#" + index + ":" + name, JSON.writeValueAsString(resource), profilesFor(resource), false);
            }
            index++;
        }
    }

    private List<String> profilesFor(JsonNode resource) {
        if (!applyProfiles) {
            return List.of();
        }
        for (JsonNode tag : resource.path("meta").path("tag")) {
            if ("medreview".equals(tag.path("code").asText()) && tag.path("system").asText().endsWith("/tag")) {
                return profilesByType.getOrDefault(resource.path("resourceType").asText(), List.of());
            }
        }
        return List.of();
    }

    private void check(String place, String text, List<String> profiles, boolean envelopeOnly) {
        ValidationOptions options = new ValidationOptions();
        profiles.forEach(options::addProfile);
        boolean bad = false;
        try {
            for (SingleValidationMessage message :
                    validator.validateWithResult(text, options).getMessages()) {
                String element = message.getLocationString() == null ? "-" : message.getLocationString();
                if (envelopeOnly && element.matches("Bundle\\.entry\\[\\d+\\]\\.resource.*")) {
                    continue; // said once, where the entry is checked by itself
                }
                ResultSeverityEnum severity = message.getSeverity();
                boolean error = severity == ResultSeverityEnum.ERROR || severity == ResultSeverityEnum.FATAL;
                bad |= error;
                if (error || severity == ResultSeverityEnum.WARNING || showInformation) {
                    report(place, severity.getCode(), element, message.getMessage());
                }
            }
        } catch (RuntimeException e) {
            report(place, "error", "-", e.toString());
            bad = true;
        }
        if (bad) {
            failed++;
        } else {
            passed++;
        }
    }

    private void report(String place, String severity, String element, String message) {
        out.println(place + ": " + severity + ": " + element + ": " + message.replace('\n', ' '));
    }
}
