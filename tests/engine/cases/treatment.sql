-- How a column is treated, as the record says: clear where any row may be clear, whoever chose that for his own (an auditor
-- asks who got what in clear); masked only where it is masked in all rows.
-- By a consent for a channel.
-- crm_app/marketing: changed | touches public.customers.email shown, clear | touches public.customers.full_name shown, clear
SELECT full_name, email FROM customers
;;
-- ad_partner/marketing: changed | touches public.customers.email shown, clear
SELECT full_name, email FROM customers
;;
-- Compared with, it decides by its clear values too.
-- crm_app/marketing: changed | touches public.customers.email compared, clear
SELECT id FROM customers WHERE email = 'ana@example.com'
;;
-- By any consent: the purpose shows the others' rows masked.
-- herald/herald_agreed: changed | touches public.customers.full_name shown, clear | touches public.customers.phone shown, clear | touches public.customers.email shown, masked | touches public.customers.birth_date shown, masked
SELECT full_name, phone, email, birth_date FROM customers
;;
-- By no objection to a channel. What the purpose masks is masked in all rows, more in those of who objected.
-- herald/herald_not_objected: changed | touches public.customers.full_name shown, clear | touches public.customers.email shown, clear | touches public.customers.phone shown, masked
SELECT full_name, email, phone FROM customers
;;
-- bi/analytics: changed | touches public.customers.email shown, masked | touches public.customers.full_name shown, masked
SELECT full_name, email FROM customers
;;
-- Read twice, it is one that was clear.
-- crm_app/marketing: changed | touches public.customers.email shown, clear
SELECT a.email FROM customers a JOIN customers b ON a.email = b.email
;;
-- dba/-: same | touches public.customers.email shown, clear
SELECT email FROM customers
;;
